"""Sound files of the scripts, by name; where they lie is the switchboard's business."""

from telephony.agi.commands import Agi
from telephony.agi.request import AgiCall

DEFAULT_DIRECTORY = "hotline"  # below Asterisk's sounds folder


def prompt_file(call: AgiCall, name: str) -> str:
    """File of a prompt, in the directory that the dialplan gave: ``AGI(agi://host/script,dir)``."""
    return f"{call.args[0] if call.args else DEFAULT_DIRECTORY}/{name}"


def play(agi: Agi, call: AgiCall, name: str) -> None:
    """Play a prompt to its end."""
    agi.stream_file(prompt_file(call, name))
