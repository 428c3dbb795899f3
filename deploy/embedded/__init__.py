"""Servers that the program brings itself when none is configured: Asterisk, PostgreSQL, Redis."""
