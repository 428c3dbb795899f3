"""T10: where a recording is follows from digits alone, and nothing else is ever touched."""

from datetime import date
from pathlib import Path, PurePath

import pytest

from gateway.recordings import directory_of, recording_name, remove_before
from gateway.settings import Settings

WAV = b"RIFF"


@pytest.mark.parametrize(
    ("uniqueid", "name"),
    [
        ("1763942400.12", "2025-11-24/1763942400.12.wav"),
        ("hotline-1763942399.7", "2025-11-23/1763942399.7.wav"),
        ("east-2-1763942400.0", "2025-11-24/1763942400.0.wav"),
    ],
)
def test_name_follows_from_the_uniqueid(uniqueid: str, name: str) -> None:
    assert recording_name(uniqueid) == PurePath(name)


@pytest.mark.parametrize(
    "uniqueid",
    [
        "",
        "dial-0a1b2c",  # a ChannelId of our own
        "survey-17",
        "1763942400",
        "1763942400.",
        "176394240.1",
        "0763942400.1",
        "1763942400.1.wav",
        "1763942400.12345678901",
        "../1763942400.1",
        "hotline/1763942400.1",
        "1763942400.1\n",
        "１763942400.1",
        "1763942400.1/../../etc/passwd",
    ],
)
def test_anything_else_has_no_recording(uniqueid: str) -> None:
    assert recording_name(uniqueid) is None


def test_directory_of_each_switchboard(tmp_path: Path) -> None:
    ami = "ami://hotline:0123456789abcdef@127.0.0.1:5038"
    local = directory_of(Settings(var_dir=tmp_path))
    assert local == tmp_path / "asterisk" / "srv" / "recordings"
    assert directory_of(Settings(var_dir=tmp_path, ami_url=ami)) is None
    east = {"switchboard": "east", "ami_url": ami, "recordings_dir": tmp_path / "east"}
    west = {"switchboard": "west", "ami_url": ami, "recordings_days": 90}
    both = Settings(switchboards=(east, west), recordings_days=30)
    assert [(directory_of(each), each.recordings_days) for each in both.of_each()] == [
        (tmp_path / "east", 30),
        (None, 90),
    ]
    with pytest.raises(ValueError, match="recordings_dir must be set in each of them"):
        Settings(switchboards=(east, west), recordings_dir=tmp_path)


def put(directory: Path, *names: str) -> None:
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WAV)


def left(directory: Path) -> set[str]:
    files = (one for one in directory.rglob("*") if one.is_symlink() or one.is_file())
    return {str(one.relative_to(directory)) for one in files}


def test_what_is_past_its_time_is_removed_and_nothing_else(tmp_path: Path) -> None:
    ours = ("2026-01-01/1767225600.1.wav", "2026-01-02/1767312000.2.wav")
    kept = ("2026-01-03/1767398400.3.wav",)
    others = (
        "2026-01-01/notes.txt",
        "2026-01-01/1767225600.1.mp3",
        "2026-01-01/sub/1767225600.1.wav",
        "2026-01-1/1767225600.1.wav",
        "old/1767225600.1.wav",
        "1767225600.1.wav",
    )
    elsewhere = tmp_path / "elsewhere"
    put(elsewhere, "1767225600.9.wav")
    store = tmp_path / "recordings"
    put(store, *ours, *kept, *others)
    (store / "2025-12-31").symlink_to(elsewhere)
    (store / "2026-01-02" / "1767312000.4.wav").symlink_to(elsewhere / "1767225600.9.wav")
    assert remove_before(store, date(2026, 1, 3), limit=100) == 2
    assert remove_before(store, date(2026, 1, 3), limit=100) == 0
    assert left(store) == {*kept, *others, "2025-12-31", "2026-01-02/1767312000.4.wav"}
    assert left(elsewhere) == {"1767225600.9.wav"}


def test_so_many_at_once(tmp_path: Path) -> None:
    put(tmp_path, *(f"2026-01-0{day}/176722560{n}.1.wav" for day in (1, 2) for n in range(5)))
    counts = [remove_before(tmp_path, date(2026, 2, 1), limit=4) for _ in range(4)]
    assert counts == [4, 4, 2, 0]
    assert list(tmp_path.iterdir()) == []
