"""Synchronous code on an asyncio loop: a function in a greenlet, suspended while it awaits.

The loop's own greenlet awaits what the function hands over and switches back with the outcome, so
that a script reads from top to bottom while the loop serves the other callers.
"""

import contextvars
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


async def run_synchronous(function: Callable[[], T]) -> T:
    """Run ``function``; within it `wait` may be called. Its exceptions pass through.

    Cancellation of the task is raised inside the function, at the place where it waits.
    """
    child = greenlet(function)
    child.gr_context = contextvars.copy_context()
    handed_over: Any = child.switch()
    while not child.dead:
        try:
            outcome = await handed_over
        except BaseException as error:  # noqa: BLE001  # all of them, cancellation too, are his
            handed_over = child.throw(type(error), error, error.__traceback__)
        else:
            handed_over = child.switch(outcome)
    result: T = handed_over
    return result


def wait(awaitable: Awaitable[T]) -> T:
    """Await from within a function that `run_synchronous` runs."""
    parent = getcurrent().parent
    if parent is None:
        raise RuntimeError("wait() belongs into a function that run_synchronous() runs")
    outcome: T = parent.switch(awaitable)
    return outcome
