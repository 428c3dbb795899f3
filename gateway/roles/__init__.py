"""Roles of the program: each is one coroutine that works until it is cancelled."""
