"""Programs of the operating system that the tests use: installed where allowed, else named.

``python -m deploy.system_tools --for test`` never fails for a missing program: the tests that need
it then say that they were left out, and why.
"""

import argparse
from collections.abc import Mapping

from deploy.embedded.apt import announce, require_programs
from deploy.errors import DeployError

TOOLS: Mapping[str, Mapping[str, str]] = {
    "run a real Asterisk": {"debootstrap": "debootstrap"},
    "make calls": {"sipp": "sip-tester"},
    "speak the prompts": {"espeak-ng": "espeak-ng", "sox": "sox"},
    "look at the pages": {"chromium": "chromium"},
    "check the metrics": {"promtool": "prometheus"},
}


def ensure_test_tools() -> None:
    """Install what is missing, one purpose after the other, and tell what could not be."""
    for purpose, wanted in TOOLS.items():
        try:
            require_programs(wanted, purpose=purpose)
        except DeployError as error:
            announce(f"Left out: {error}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for", dest="purpose", choices=["test"], required=True)
    parser.parse_args()
    ensure_test_tools()


if __name__ == "__main__":
    main()
