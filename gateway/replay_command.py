"""``hotline replay FILE``: the calls of a raw AMI capture, without any server."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError
from telephony.errors import PeerError
from telephony.events import CallRecord
from telephony.replay import Totals, replay, to_json


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "replay", help="track a raw AMI capture, without any server"
    )
    parser.add_argument("capture", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object per call and totals")
    parser.set_defaults(command=_replay)


def _replay(options: argparse.Namespace) -> int:
    totals = Totals()
    try:
        for call in replay(options.capture, totals=totals):
            sys.stdout.write((_as_json(call) if options.json else _as_text(call)) + "\n")
    except OSError as error:
        raise GatewayError(f"cannot read {options.capture}: {error.strerror}") from None
    except PeerError as error:
        raise GatewayError(f"{options.capture} cannot be replayed: {error}") from None
    if options.json:
        sys.stdout.write(json.dumps(totals.to_json()) + "\n")
    else:
        sys.stdout.write(
            f"{totals.calls} calls, {totals.offered} offered, {totals.answered} answered, "
            f"{totals.unfinished} still up, {totals.messages} messages\n"
        )
    return 0


def _as_json(call: CallRecord) -> str:
    return json.dumps(to_json(call), ensure_ascii=False)


def _as_text(call: CallRecord) -> str:
    wait = "-" if call.wait_s is None else f"{call.wait_s:.0f} s"
    outcome = call.outcome.value if call.outcome else "up"
    agents = ",".join(part.agent for part in call.agents) or "-"
    return f"{call.uniqueid}  {call.queue or '-'}  {outcome}  wait {wait}  agents {agents}"
