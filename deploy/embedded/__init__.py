"""Embedded PostgreSQL and Redis: real servers started as children of the program."""
