"""Status enquiry (C7, T7): the caller keys in the number of his case and the end of his own.

The dialplan sends him here and, unless `TOLD` is set afterwards, on to a person. It is set when he
has heard the state to its end: who hangs up before was not told.
"""

import re
from typing import Protocol

from telephony.agi.commands import Agi
from telephony.agi.flows.prompts import play, prompt_file
from telephony.agi.flows.question import KEY_TIMEOUT_MS, take_time
from telephony.agi.request import AgiCall
from telephony.agi.session import Script
from telephony.errors import TelephonyError

NUMBER_PROMPT = "enquiry-number"
DIGITS_PROMPT = "enquiry-digits"
WRONG_PROMPT = "enquiry-wrong"
LIMITED_PROMPT = "enquiry-limited"
TOLD = "HOTLINE_TOLD"
TRIES = 3  # in one call
NUMBER_KEYS, DIGITS = 17, 4
# A case number as it is keyed: its day and its number of that day, without the hyphen.
_NUMBER = re.compile(r"([0-9]{8})([0-9]{5,9})")
_DIGITS = re.compile(rf"[0-9]{{{DIGITS}}}")


class EnquiryLimitedError(TelephonyError):
    """Asked too often, by this caller or of this case."""


class Enquire(Protocol):
    """Looks a case up, guarded against guessing."""

    async def __call__(self, *, caller: str, case_no: str, digits: str) -> str | None:
        """The prompt that says how a case stands; ``None`` when number and digits do not match.

        ``caller`` is the number that asks, or empty; ``digits`` the end of the number that the case
        was registered with. Raises `EnquiryLimitedError`.
        """


def enquiry_script(enquire: Enquire) -> Script:
    """Build the script: up to `TRIES` tries, and the state."""

    def enquiry(agi: Agi, call: AgiCall) -> None:
        take_time(agi, call)
        try:
            state = _looked_up(agi, call, enquire)
        except EnquiryLimitedError:
            play(agi, call, LIMITED_PROMPT)
            return
        if state is not None:
            play(agi, call, state)
            agi.set_variable(TOLD, "1")

    return enquiry


def _looked_up(agi: Agi, call: AgiCall, enquire: Enquire) -> str | None:
    """The prompt of the state; ``None`` when there was no match in `TRIES` tries."""
    for _ in range(TRIES):
        number = _NUMBER.fullmatch(_keyed(agi, call, NUMBER_PROMPT, NUMBER_KEYS))
        digits = _keyed(agi, call, DIGITS_PROMPT, DIGITS)
        if number and _DIGITS.fullmatch(digits):
            asked = enquire(caller=call.caller, case_no=f"{number[1]}-{number[2]}", digits=digits)
            state: str | None = agi.wait(asked)
            if state is not None:
                return state
        play(agi, call, WRONG_PROMPT)
    return None


def _keyed(agi: Agi, call: AgiCall, prompt: str, most: int) -> str:
    return str(agi.get_data(prompt_file(call, prompt), KEY_TIMEOUT_MS, most))
