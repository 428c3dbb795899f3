"""Which rights the AMI user has, judged by the commands the switchboard offers it."""

import re

from telephony.ami.message import Message
from telephony.errors import ExcessiveRightsError

# Rights that let an AMI user run programs, read files or rewrite the configuration
# (CVE-2024-42365, GHSA-33x6-fj46-6rfh).
DANGEROUS = frozenset({"system", "command", "config"})
NEEDED = frozenset(
    {
        "CoreShowChannels",
        "QueueStatus",
        "QueueAdd",
        "QueueRemove",
        "QueuePause",
        "Originate",
        "Ping",
    }
)
_OFFER = re.compile(r"\(Priv: ([^()]*)\)\s*$")


def offered(answer: Message) -> dict[str, frozenset[str]]:
    """Command to the classes any one of which grants it, out of the answer to ``ListCommands``.

    Asterisk lists only what the user may do (action_listcommands in manager.c): each line reads
    ``Name: synopsis  (Priv: class,class,all)``; ``<none>`` is open to everybody.
    """
    commands = {}
    for name, text in answer:
        if match := _OFFER.search(text):
            commands[name] = frozenset(match[1].split(",")) - {"all", "<none>"}
    return commands


def check_rights(answer: Message) -> frozenset[str]:
    """Return the commands that are needed and not offered.

    Raises `ExcessiveRightsError` when a command is offered that only a dangerous class grants.
    """
    commands = offered(answer)
    excess = {
        name: classes for name, classes in commands.items() if classes and classes <= DANGEROUS
    }
    if excess:
        classes = sorted(frozenset().union(*excess.values()))
        example = min(excess)
        raise ExcessiveRightsError(
            f"the AMI user may do {example} (write rights {', '.join(classes)}): "
            "take system, command and config out of its 'write' line in manager.conf"
        )
    return NEEDED - commands.keys()
