"""Rating after the call (S1): the agent has hung up, the caller presses one key."""

import re
from typing import Protocol

from telephony.agi.commands import Agi
from telephony.agi.flows.prompts import play
from telephony.agi.flows.question import Question, ask
from telephony.agi.request import AgiCall
from telephony.agi.session import Script

THANKS_PROMPT = "thanks"
_NAME = re.compile(r"[a-z0-9]{1,16}")


class StoreRating(Protocol):
    """Stores a rating once per call, however often it is asked to."""

    async def __call__(self, *, switchboard: str, uniqueid: str, scale: str, answer: str) -> None:
        """``uniqueid`` is that of the caller's channel; ``scale`` the question's name.

        ``switchboard`` is what the dialplan calls itself, or empty.
        """


def rating_script(question: Question, store: StoreRating) -> Script:
    """Build the script. No valid key, or a hang-up before it, is no rating.

    The rating is stored before the caller is thanked: thanks are never for nothing.
    """

    def rating(agi: Agi, call: AgiCall) -> None:
        answer = ask(agi, call, question)
        if answer is None:
            return
        agi.wait(
            store(
                switchboard=_switchboard(call),
                uniqueid=call.uniqueid,
                scale=question.name,
                answer=answer,
            )
        )
        play(agi, call, THANKS_PROMPT)

    return rating


def _switchboard(call: AgiCall) -> str:
    """The second argument of the script, where it is a name."""
    name = call.args[1] if len(call.args) > 1 else ""
    return name if _NAME.fullmatch(name) else ""
