"""Notices to citizens (C7): by SMS when their case is accepted and when it is closed."""
