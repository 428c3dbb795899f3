"""An AMI user that may do too much is refused, one that may do too little is named."""

import pytest

from telephony.ami.message import Message
from telephony.ami.rights import NEEDED, check_rights
from telephony.errors import ExcessiveRightsError

MODEST = {
    "Ping": "<none>",
    "CoreShowChannels": "system,reporting,all",
    "QueueStatus": "<none>",
    "QueueAdd": "agent,all",
    "QueueRemove": "agent,all",
    "QueuePause": "agent,all",
    "Originate": "originate,all",
    "Hangup": "system,call,all",
}


def offer(commands: dict[str, str]) -> Message:
    lines = ["Response: Success", "ActionID: 1"]
    lines += [f"{name}: What it (really) does.  (Priv: {priv})" for name, priv in commands.items()]
    return Message("\r\n".join(lines).encode())


def test_a_modest_user_passes() -> None:
    assert check_rights(offer(MODEST)) == frozenset()


@pytest.mark.parametrize(
    ("name", "priv"),
    [
        ("Command", "command,all"),
        ("GetConfig", "system,config,all"),
        ("UpdateConfig", "config,all"),
        ("ModuleLoad", "system,all"),
        ("Reload", "system,config,all"),
    ],
)
def test_dangerous_rights_are_refused(name: str, priv: str) -> None:
    with pytest.raises(ExcessiveRightsError, match=name):
        check_rights(offer(MODEST | {name: priv}))


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_missing_commands_are_named(name: str) -> None:
    offered = {key: priv for key, priv in MODEST.items() if key != name}
    assert check_rights(offer(offered)) == {name}
