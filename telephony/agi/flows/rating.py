"""Rating after the call (S1): the agent has hung up, the caller presses one key."""

import re
from typing import Protocol

from telephony.agi.commands import Agi
from telephony.agi.flows.prompts import play
from telephony.agi.flows.question import Question, ask, keep, take_time
from telephony.agi.request import AgiCall
from telephony.agi.session import Script
from telephony.opinions import RATING_EVENT

THANKS_PROMPT = "thanks"
ASKED = "HOTLINE_ASKED"
_NAME = re.compile(r"[a-z0-9]{1,16}")


class StoreRating(Protocol):
    """Stores a rating once per call, however often it is asked to."""

    async def __call__(self, *, switchboard: str, uniqueid: str, scale: str, answer: str) -> None:
        """``uniqueid`` is that of the caller's channel; ``scale`` the question's name.

        ``switchboard`` is what the dialplan calls itself, or empty. Where the rating cannot be
        stored it is left to the switchboard's records.
        """


def rating_script(question: Question, store: StoreRating) -> Script:
    """Build the script. No valid key, or a hang-up before it, is no rating.

    The rating is in the switchboard's own records and stored before the caller is thanked: thanks
    are never for nothing. The dialplan asks itself unless it is told in `ASKED` that this was done.
    """

    def rating(agi: Agi, call: AgiCall) -> None:
        take_time(agi, call)
        key = ask(agi, call, question)
        if key is not None:
            try:
                keep(agi, RATING_EVENT, question, key)
            finally:  # it counts although the caller has hung up by now
                agi.wait(
                    store(
                        switchboard=_switchboard(call),
                        uniqueid=call.uniqueid,
                        scale=question.name,
                        answer=question.keys[key],
                    )
                )
        agi.set_variable(ASKED, "1")
        if key is not None:
            play(agi, call, THANKS_PROMPT)

    return rating


def _switchboard(call: AgiCall) -> str:
    """The third argument of the script, where it is a name."""
    name = call.args[2] if len(call.args) > 2 else ""
    return name if _NAME.fullmatch(name) else ""
