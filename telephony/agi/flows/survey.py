"""Survey of a closed case (S2): the citizen whom we called has answered the telephone."""

from collections.abc import Sequence
from typing import Protocol

from telephony.agi.commands import Agi
from telephony.agi.flows.prompts import play
from telephony.agi.flows.question import Question, ask, keep, take_time
from telephony.agi.request import AgiCall
from telephony.agi.session import Script
from telephony.opinions import ANSWER_EVENT

GREETING_PROMPT = "survey-greeting"
GOODBYE_PROMPT = "goodbye"


class SurveyStore(Protocol):
    """Keeps the attempt; ``attempt_id`` is the channel's Uniqueid, given with Originate."""

    async def begin(self, attempt_id: str) -> bool:
        """Note that the citizen has answered; ``False`` for an attempt not waiting for that."""

    async def answer(self, attempt_id: str, question: str, answer: str) -> None:
        """Store one answer; a repeated one changes nothing."""

    async def end(self, attempt_id: str) -> None:
        """Note that the survey is over, complete or not."""


def survey_script(questions: Sequence[Question], store: SurveyStore) -> Script:
    """Build the script. Each answer is in the switchboard's own records and stored as it is given;
    a hang-up keeps those before it.

    A question without a valid key ends the survey: nobody, or a machine, is listening.
    """

    def survey(agi: Agi, call: AgiCall) -> None:
        take_time(agi, call)
        if not agi.wait(store.begin(call.uniqueid)):
            return
        try:
            play(agi, call, GREETING_PROMPT)
            for question in questions:
                key = ask(agi, call, question)
                if key is None:
                    break
                try:
                    keep(agi, ANSWER_EVENT, question, key)
                finally:
                    answer = question.keys[key]
                    agi.wait(store.answer(call.uniqueid, question.name, answer))
            play(agi, call, GOODBYE_PROMPT)
        finally:
            agi.wait(store.end(call.uniqueid))

    return survey
