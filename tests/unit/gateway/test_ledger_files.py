"""The end of a record file, however it is sliced, is what reading all of it would give."""

import gzip
import lzma
import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import ledger_files
from gateway.ledger_files import cel_since, cel_time, lines_since, queue_log_since

WIRE = Path(__file__).parents[2] / "wire"


def time_of(line: str) -> float | None:
    """Epoch seconds at the beginning of a line."""
    return float(line.partition("|")[0]) if line[:1].isdigit() else None


def filtered(lines: list[str], since_s: float) -> list[str]:
    """What is promised, said as plainly as possible: from the first line that is not too old."""
    for index, line in enumerate(lines):
        at = time_of(line)
        if at is not None and at >= since_s:
            return lines[index:]
    return []


WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\n", exclude_categories=("Cs",)), max_size=40
)
LINES = st.lists(st.tuples(st.booleans(), st.integers(0, 3), WORDS), max_size=40)


def in_order(drawn: list[tuple[bool, int, str]]) -> list[str]:
    """Lines with times that never go back, between lines without a time."""
    at, lines = 100, []
    for has_time, step, words in drawn:
        at += step
        lines.append(f"{at}|{words}" if has_time else f"-{words}")
    return lines


@given(
    drawn=LINES,
    since_s=st.integers(95, 230),
    block=st.integers(1, 200),
    torn=st.sampled_from(["", "1", "150|NONE|", "中"]),
)
def test_any_block_size(
    drawn: list[tuple[bool, int, str]], since_s: int, block: int, torn: str
) -> None:
    lines = in_order(drawn)
    with TemporaryDirectory() as directory, patch.object(ledger_files, "BLOCK", block):
        file = Path(directory, "queue_log")
        file.write_bytes("".join(f"{line}\n" for line in lines).encode() + torn.encode()[:2])
        assert list(lines_since(file, since_s, time_of)) == filtered(lines, since_s)


def test_years_of_records_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "queue_log"
    file.write_text("".join(f"{second}|{'x' * 90}\n" for second in range(100_000, 200_000)))
    asked: list[str] = []

    def asking(line: str) -> float | None:
        asked.append(line)
        return time_of(line)

    monkeypatch.setattr(ledger_files, "BLOCK", 4096)
    assert len(list(lines_since(file, 199_000, asking))) == 1000
    assert len(asked) < 4000


def test_file_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert list(lines_since(tmp_path / "queue_log", 0, time_of)) == []


def test_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(lines_since(tmp_path / "asterisk" / "queue_log", 0, time_of))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    file.write_bytes(b"100|\xff\xfe\n101|\xd6\xd0\n")
    (line,) = lines_since(file, 101, time_of)
    assert line.encode("utf-8", "surrogateescape") == b"101|\xd6\xd0"


@pytest.mark.parametrize("block", [100, 1000, 1 << 20])
def test_real_records(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(ledger_files, "BLOCK", block)
    everything = datetime(2026, 1, 1, tzinfo=UTC)
    lines = list(queue_log_since(WIRE / "mixed.queue_log", everything))
    events = list(cel_since(WIRE / "mixed.cel.csv", everything))
    assert len(lines) == len((WIRE / "mixed.queue_log").read_text().splitlines())
    assert len(events) == len((WIRE / "mixed.cel.csv").read_text().splitlines())
    middle = datetime.fromtimestamp(events[len(events) // 2].at, UTC)
    assert list(cel_since(WIRE / "mixed.cel.csv", middle)) == [
        event for event in events if event.at >= middle.timestamp()
    ]
    late = [line for line in lines if line.at >= middle.timestamp()]
    assert list(queue_log_since(WIRE / "mixed.queue_log", middle)) == late


@pytest.mark.parametrize("name", ["records.1", "records-20261122", "records.1.gz", "records-1.xz"])
def test_rotated_lines_come_first(tmp_path: Path, name: str) -> None:
    today, before = tmp_path / "records", tmp_path / name
    today.write_text("103|c\n")
    _write(before, "101|a\n102|b\n")
    (tmp_path / "records_of_others").write_text("100|x\n")
    assert list(lines_since(today, 102, time_of)) == ["102|b", "103|c"]
    today.unlink()
    assert list(lines_since(today, 0, time_of)) == ["101|a", "102|b"]


def _write(path: Path, text: str) -> None:
    opener = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "wt") as file:
        file.write(text)


def test_rotated_files_in_any_order_of_numbers(tmp_path: Path) -> None:
    for number, at in ((0, 103), (1, 101), (2, 105), (10, 99)):
        (tmp_path / f"records.{number}").write_text(f"{at}|\n{at + 1}|\n")
    found = list(lines_since(tmp_path / "records", 0, time_of))
    assert found == [f"{at}|" for at in (99, 100, 101, 102, 103, 104, 105, 106)]


def test_file_that_is_being_compressed_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "records.1").write_text("101|a\n")
    _write(tmp_path / "records.1.gz", "101|a\n")
    assert list(lines_since(tmp_path / "records", 0, time_of)) == ["101|a"]


def test_rotated_files_of_long_ago_are_not_opened(tmp_path: Path) -> None:
    old = tmp_path / "records.7.gz"
    old.write_bytes(b"nothing compressed")
    os.utime(old, (100, 100))
    assert list(lines_since(tmp_path / "records", 200, time_of)) == []


def test_time_of_a_channel_event() -> None:
    line = '"CHAN_START","","1795420933.299090","","1","","","12345","c","x","","","u","u","",""'
    assert cel_time(line) == 1795420933.299090
    for no_event in ("", '""CHAN_END"",""","",""1795420933.0"",""', "1,2,3,4,5", line[:20]):
        assert cel_time(no_event) is None
