"""Asking one question and taking one key as the answer."""

from collections.abc import Mapping
from typing import Protocol

from telephony.agi.commands import Agi
from telephony.agi.flows.prompts import play, prompt_file
from telephony.agi.request import AgiCall

INVALID_PROMPT = "invalid-key"
TRIES = 2
KEY_TIMEOUT_MS = 6000  # after the prompt's end


class Question(Protocol):
    """What is asked: ``keys`` maps each valid key to its answer."""

    @property
    def name(self) -> str:
        """Under which the answer is stored."""

    @property
    def prompt(self) -> str:
        """Name of the sound file that asks."""

    @property
    def keys(self) -> Mapping[str, str]:
        """Key pressed to answer meant."""


def ask(agi: Agi, call: AgiCall, question: Question) -> str | None:
    """Return the key pressed, or ``None`` when no valid one came in `TRIES` tries.

    A key interrupts the prompt. A wrong key is told; silence just repeats the question.
    """
    for _ in range(TRIES):
        key = agi.get_data(prompt_file(call, question.prompt), KEY_TIMEOUT_MS, 1)
        if key in question.keys:
            return str(key)
        if key:
            play(agi, call, INVALID_PROMPT)
    return None


def keep(agi: Agi, event: str, question: Question, key: str) -> None:
    """Have the switchboard write the key down itself, before anything else becomes of it.

    ``event`` is one of `telephony.opinions`.
    """
    agi.appexec("CELGenUserEvent", f"{event},{question.name} {key}")


def take_time(agi: Agi, call: AgiCall) -> None:
    """Lengthen the short time that the dialplan gives a script that may be frozen.

    How long it may take is the second argument: ``AGI(agi://host/script,dir,seconds)``.
    """
    if len(call.args) > 1 and call.args[1].isdigit():
        agi.set_autohangup(int(call.args[1]))
