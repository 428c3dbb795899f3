"""Recordings as the switchboard leaves them."""

import math
import wave
from array import array
from pathlib import Path

from gateway.recordings import recording_name

RATE_HZ = 8000


def write_recording(directory: Path, uniqueid: str, *, seconds: float = 4) -> Path:
    """A tone under the name that a call's recording has; nothing but the header for 0 s."""
    name = recording_name(uniqueid)
    assert name is not None
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    count = round(seconds * RATE_HZ)
    tone = array("h", (round(8000 * math.sin(n * 440 * math.tau / RATE_HZ)) for n in range(count)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(tone.tobytes())
    return path


def write_voice(directory: Path, *, quiet: bool = False) -> Path:
    """Half a second of 400 Hz for a telephone to say, in A-law (G.711, first bit the sign).

    8,448 of 32,767 loud, or 1,056.
    """
    file = directory / ("quiet.alaw" if quiet else "voice.alaw")
    up, down = (0xE5, 0x65) if quiet else (0xB5, 0x35)
    file.write_bytes((bytes([up]) * 10 + bytes([down]) * 10) * 200)
    return file


def loudness(path: Path, start_s: float = 0, end_s: float | None = None) -> float:
    """Root mean square of a part of a recording; 0 is silence, 32767 the loudest."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        samples = array("h", file.readframes(file.getnframes()))
    end = len(samples) if end_s is None else round(end_s * RATE_HZ)
    part = samples[round(start_s * RATE_HZ) : end]
    return math.sqrt(sum(one * one for one in part) / len(part)) if part else 0.0


def length_s(path: Path) -> float:
    """How long a recording is."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / RATE_HZ
