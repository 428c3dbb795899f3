"""Where one Asterisk instance lives, and how it is started from the shared root.

All that belongs to the instance is in ``<directory>/srv``, which the process sees as ``/srv``.

- Where mounting is permitted (a machine, a privileged container): a private mount namespace in
  which that folder is bound over ``/srv`` of the shared root, then ``chroot`` there. No copy is
  made, the root is never written to, nothing stays mounted: the namespace dies with the process.
- Where it is not (a container with the usual capabilities): ``<directory>`` itself becomes a root,
  by hard links to the shared one (a copy if on another file system), then ``chroot`` there.

Both end as user ``asterisk`` without any capability or way to regain one, and the kernel kills the
process when its parent dies (PDEATHSIG, set after the change of user, which would clear it).
"""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from deploy.asterisk_config import SwitchboardPaths, SwitchboardSecrets
from deploy.embedded.asterisk_root import asterisk_modules, hosts_file
from deploy.errors import DeployError, SwitchboardError

INSIDE = "/srv"
_RECORDINGS = "recordings"
_SUBDIRECTORIES = ("etc", "lib", "log", "run", "spool", "prompts", _RECORDINGS)
_EMPTY_DIRECTORIES = ("lib/keys", "log/cel-custom")
_COPIED_MARK = "root-is-copied-from"

# Positional parameters only: no path is ever parsed by the shell.
_ENTER_SHARED = """
set -e
mount --bind "$2/srv" "$1/srv"
mount --bind "$2/hosts" "$1/etc/hosts"
shift 2
exec "$@"
"""


def prepare_home(
    root: Path, directory: Path, prompts: Path, configuration: Mapping[str, str]
) -> None:
    """Makes the folders, writes the configuration (mode 0600), copies the prompts."""
    home = directory / "srv"
    for name in (*_SUBDIRECTORIES, *_EMPTY_DIRECTORIES):
        (home / name).mkdir(parents=True, exist_ok=True)
    console_socket(directory).unlink(missing_ok=True)
    (directory / "hosts").write_text(hosts_file(socket.gethostname()), "utf-8")
    shutil.copytree(prompts, home / "prompts", dirs_exist_ok=True)
    for old in (home / "etc").glob("*.conf"):
        old.unlink()
    for name, text in configuration.items():
        write_private(home / "etc" / name, text)
    owner, group = _asterisk_ids(root)
    for name in _SUBDIRECTORIES:
        _give(home / name, owner, group)
    recordings_directory(directory).chmod(0o700)


def launch_command(root: Path, directory: Path) -> list[str]:
    """The command that becomes (by exec, keeping its process id) this instance's Asterisk.

    Where mounting is not permitted this takes a while the first time: the root is linked or copied.
    """
    asterisk = [
        *("setpriv", "--reuid=asterisk", "--regid=asterisk", "--init-groups"),
        *("--no-new-privs", "--pdeathsig=KILL"),
        *("asterisk", "-f", "-C", f"{INSIDE}/etc/asterisk.conf"),
    ]
    if mounting_is_permitted(directory / "srv"):
        return [
            *("unshare", "--mount", "--propagation", "private"),
            *("sh", "-c", _ENTER_SHARED, "sh", str(root), str(directory)),
            *("chroot", str(root), *asterisk),
        ]
    _become_root(root, directory)
    return ["chroot", str(directory), *asterisk]


def mounting_is_permitted(directory: Path) -> bool:
    """Whether a bind mount works here, tried in a namespace that ends at once."""
    command = ["unshare", "--mount", "--propagation", "private", "mount", "--bind"]
    tried = subprocess.run(
        [*command, str(directory), str(directory)], capture_output=True, check=False, timeout=10
    )
    return tried.returncode == 0


def paths_inside(root: Path) -> SwitchboardPaths:
    """The instance's places as its own process sees them."""
    return SwitchboardPaths(
        instance_dir=INSIDE,
        module_dir=asterisk_modules(root),
        prompt_dir=f"{INSIDE}/prompts",
        recording_dir=f"{INSIDE}/{_RECORDINGS}",
    )


def recordings_directory(directory: Path) -> Path:
    """The instance's recordings, seen from outside."""
    return directory / "srv" / _RECORDINGS


def console_socket(directory: Path) -> Path:
    """Asterisk's console, seen from outside."""
    return directory / "srv" / "run" / "asterisk.ctl"


def load_secrets(directory: Path, seats: tuple[str, ...]) -> SwitchboardSecrets:
    """The instance's secrets, made at its first start and completed when seats are added."""
    path = directory / "secrets.json"
    fresh = SwitchboardSecrets.generate(seats)
    if path.exists():
        stored = SwitchboardSecrets(**json.loads(path.read_text("utf-8")))
        fresh = SwitchboardSecrets(stored.ami, fresh.seats | stored.seats)
    directory.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps(asdict(fresh)))
    return fresh


def write_private(path: Path, text: str) -> None:
    """Writes a file that nobody but its owner can read, not even for a moment."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, "utf-8")


def _become_root(root: Path, directory: Path) -> None:
    mark = directory / _COPIED_MARK
    if not mark.exists() or mark.read_text("utf-8") != root.name:
        mark.unlink(missing_ok=True)
        # Links fail between file systems: then a real copy.
        if _copy(root, directory, "--link") and (problem := _copy(root, directory)):
            raise DeployError(f"{root} could not be copied to {directory}: {problem}")
        mark.write_text(root.name, "utf-8")
    # A link to the shared file: replaced, not written through.
    hosts = directory / "etc" / "hosts"
    hosts.unlink(missing_ok=True)
    hosts.write_text((directory / "hosts").read_text("utf-8"), "utf-8")


def _copy(root: Path, directory: Path, *options: str) -> str:
    """Copies all of the root; returns what went wrong, nothing if all went well."""
    command = ["cp", "--archive", "--force", *options, f"{root}/.", f"{directory}/"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return "" if done.returncode == 0 else done.stderr.strip()[-300:] or "cp gave no reason."


def _asterisk_ids(root: Path) -> tuple[int, int]:
    """User and group number that the root's own password file gives to ``asterisk``."""
    for line in (root / "etc" / "passwd").read_text("utf-8").splitlines():
        name, _, user, group, *_ = line.split(":")
        if name == "asterisk":
            return int(user), int(group)
    raise SwitchboardError(f"There is no user asterisk in {root}.")


def _give(directory: Path, owner: int, group: int) -> None:
    for folder, _, files in os.walk(directory):
        os.chown(folder, owner, group)
        for name in files:
            os.chown(Path(folder, name), owner, group)
