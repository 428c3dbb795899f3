"""``make bench``: every figure, one JSON object a line on stdout and nothing else there.

Each benchmark runs in a process of its own, so that none inherits the memory of another; what they
tell of their progress goes to stderr. The exit code is that of the first one that failed.
"""

import os
import subprocess
import sys

from tests.load.report import note

BENCHMARKS = (
    "bench_replay",
    "bench_pop",
    "bench_pop --per-s 30 --agents 300 --seconds 20",
    "bench_agi",
    "bench_import",
    "bench_sheets",
    "bench_reconcile",
    "bench_suggest",
    "bench_knowledge",
    "bench_scale",
    "bench_switchboard",
    "bench_recording",
    "bench_cases",
)
TIMEOUT_S = 480
MILLIONS_TIMEOUT_S = 3600  # of `bench_cases` when it is told to make millions of them


def main() -> int:
    """Run them one after another."""
    timeout_s = MILLIONS_TIMEOUT_S if "HOTLINE_BENCH_CASES" in os.environ else TIMEOUT_S
    for name in BENCHMARKS:
        note(name)
        module, *arguments = name.split()
        command = (sys.executable, "-m", f"tests.load.{module}", *arguments)
        code = subprocess.run(command, check=False, timeout=timeout_s).returncode
        if code != 0:
            note(f"{name} failed with exit code {code}")
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
