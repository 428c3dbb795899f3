"""Asking one question and taking one key as the answer."""

from collections.abc import Mapping
from typing import Protocol

from telephony.agi.commands import Agi

INVALID_PROMPT = "hotline/invalid"
TRIES = 2
KEY_TIMEOUT_MS = 6000  # after the prompt's end


class Question(Protocol):
    """What is asked: ``keys`` maps each valid key to its answer."""

    @property
    def name(self) -> str:
        """Under which the answer is stored."""

    @property
    def prompt(self) -> str:
        """Sound file that asks."""

    @property
    def keys(self) -> Mapping[str, str]:
        """Key pressed to answer meant."""


def ask(agi: Agi, question: Question) -> str | None:
    """Return the answer, or ``None`` when no valid key came in `TRIES` tries.

    A key interrupts the prompt. A wrong key is told; silence just repeats the question.
    """
    for _ in range(TRIES):
        key = agi.get_data(question.prompt, KEY_TIMEOUT_MS, 1)
        if key in question.keys:
            return question.keys[key]
        if key:
            agi.stream_file(INVALID_PROMPT)
    return None
