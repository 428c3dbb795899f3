"""Development voices: one file per text, in the form Asterisk reads, used by the dialplan."""

import re
import shutil
import wave
from pathlib import Path

import pytest

from deploy.asterisk_config import TEMPLATE_DIR
from deploy.embedded.prompts import PROMPTS_FILE, ensure_prompts, read_prompts

voices = pytest.mark.skipif(
    not (shutil.which("espeak-ng") and shutil.which("sox")), reason="needs espeak-ng and sox"
)


@voices
def test_every_text_is_spoken(tmp_path: Path) -> None:
    directory = ensure_prompts(tmp_path)
    for name in read_prompts(PROMPTS_FILE):
        with wave.open(str(directory / f"{name}.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
            assert 0.5 < file.getnframes() / 8000 < 20
    assert ensure_prompts(tmp_path) == directory


@voices
def test_greeting_is_short(tmp_path: Path) -> None:
    with wave.open(str(ensure_prompts(tmp_path) / "welcome.wav")) as file:
        assert file.getnframes() / 8000 < 8


def test_every_prompt_of_the_dialplan_exists() -> None:
    texts = read_prompts(PROMPTS_FILE)
    used = set()
    for name in ("extensions.conf", "features.conf"):
        text = (TEMPLATE_DIR / name).read_text("utf-8")
        used |= set(re.findall(r"(?:\$\{PROMPT\}|@\{prompt_dir\})/([a-z-]+)", text))
    assert used
    assert used <= texts.keys()
    assert "录音" in texts["welcome"]
    assert "录音" in texts["welcome-night"]
