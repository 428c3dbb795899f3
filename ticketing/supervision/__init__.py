"""Supervision of cases (C13): lists of a day, a week and a month, and the supervisor's board."""
