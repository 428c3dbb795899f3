"""Development voices for ``deploy/asterisk/prompts.toml``, made by espeak-ng (Mandarin) and sox.

A prompt is a mono wave file of 16 bit at 8 kHz, what Asterisk's ``format_wav`` reads. A table in
the file is a folder: ``[waiting] waiting = …`` becomes ``waiting/waiting.wav``.
"""

import hashlib
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

from deploy.asterisk_config import TEMPLATE_DIR
from deploy.embedded.apt import require_programs
from deploy.errors import DeployError

PROMPTS_FILE = TEMPLATE_DIR / "prompts.toml"
_RECIPE = "2"
_TIMEOUT_S = 60
# A caller in the queue hears the waiting prompt in a loop: this much silence between two.
_PAUSE_AFTER_WAITING_S = 8


def ensure_prompts(cache: Path) -> Path:
    """Directory with one wave file per prompt, made at the first call and kept in ``cache``.

    Raises :class:`~deploy.errors.DeployError` when the voices cannot be made.
    """
    texts = read_prompts(PROMPTS_FILE)
    key = hashlib.sha256(repr((_RECIPE, sorted(texts.items()))).encode()).hexdigest()[:12]
    directory = cache / f"prompts-{key}"
    if directory.exists():
        return directory
    require_programs({"espeak-ng": "espeak-ng", "sox": "sox"}, purpose="make the voice prompts")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="prompts-") as unfinished:
        finished = Path(unfinished, "prompts")
        for name, text in texts.items():
            _speak(text, finished / f"{name}.wav", waiting=name.startswith("waiting/"))
        try:
            finished.rename(directory)
        except OSError:
            # Another process was faster: its directory has the same content.
            if not directory.exists():
                raise
    return directory


def read_prompts(path: Path) -> dict[str, str]:
    """Prompt name (``folder/name`` inside a table) to the text to be spoken."""
    texts: dict[str, str] = {}
    for name, value in tomllib.loads(path.read_text("utf-8")).items():
        if isinstance(value, dict):
            texts |= {f"{name}/{inner}": text for inner, text in value.items()}
        else:
            texts[name] = value
    return texts


def _speak(text: str, target: Path, *, waiting: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    spoken = target.with_suffix(".espeak.wav")
    pause = ["pad", "0", str(_PAUSE_AFTER_WAITING_S)] if waiting else []
    try:
        _run(["espeak-ng", "-v", "cmn", "-s", "230", "-w", str(spoken), text])
        _run(["sox", str(spoken), "-r", "8000", "-c", "1", "-b", "16", str(target), *pause])
    finally:
        spoken.unlink(missing_ok=True)


def _run(command: list[str]) -> None:
    program = shutil.which(command[0]) or command[0]
    try:
        subprocess.run([program, *command[1:]], check=True, capture_output=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise DeployError(f"{command[0]} could not make a voice prompt: {error}.") from error
