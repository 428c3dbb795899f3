"""The memory by which a message that is said again is noticed."""

from telephony.recent import Repeats


def test_the_same_bytes_at_the_same_time_are_known() -> None:
    repeats = Repeats(10)
    assert repeats.is_new(1.0, b"a")
    assert not repeats.is_new(1.0, b"a")


def test_other_bytes_at_the_same_time_are_new_once() -> None:
    repeats = Repeats(10)
    assert repeats.is_new(1.0, b"a")
    assert repeats.is_new(1.0, b"b")
    assert repeats.is_new(1.0, b"c")
    assert not repeats.is_new(1.0, b"b")
    assert not repeats.is_new(1.0, b"a")


def test_the_latest_are_remembered_and_the_memory_is_bounded() -> None:
    repeats = Repeats(10)
    said = [(float(number), b"%d" % number) for number in range(100)]
    assert all(repeats.is_new(at, raw) for at, raw in said)
    assert not any(repeats.is_new(at, raw) for at, raw in said[-10:])
    assert repeats.is_new(*said[0]), "long forgotten"
