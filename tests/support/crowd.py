"""Seats by the dozen that need no telephone: Local channels that answer at once."""

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.capture import AmiRecorder

CONTEXT = "answering"


async def add_steps(
    board: AsteriskInstance, extension: str, context: str, *applications: str
) -> None:
    """Give ``extension`` of ``context`` these steps, whatever it did before."""
    for priority, application in enumerate(applications, 1):
        step = f"{extension},{priority},{application}"
        await board.cli(f"dialplan add extension {step} into {context} replace")


async def add_crowd(board: AsteriskInstance, members: int, *, talk_s: float) -> None:
    """So many members of the hotline's queue, who hang up after ``talk_s``."""
    await add_steps(board, "_X!", CONTEXT, "Answer()", f"Wait({talk_s})", "Hangup()")
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    try:
        for number in range(members):
            interface, name = f"Local/{number}@{CONTEXT}/n", str(9000 + number)
            answer = await ami.action(
                "QueueAdd", Queue="12345", Interface=interface, MemberName=name
            )
            assert b"Success" in answer, answer
    finally:
        await ami.close()
