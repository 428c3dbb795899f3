"""T9: a call has the mode and district that its line had when it arrived."""

from dataclasses import replace

from telephony.calls.restore import thaw
from telephony.cel import CelEvent
from telephony.events import CallRecord, LineMode
from telephony.ledger import reconstruct
from telephony.lines import Line, LineBook, Place
from telephony.repair import mend
from telephony.tracker import Tracker
from tests.unit.telephony.story import START, TRUNK_CONTEXT, Story
from tests.unit.telephony.tracking import SWITCH, track

KEPT = Line(number="12315", name="消费者投诉举报专线", mode=LineMode.KEPT, department="市监局")
DUAL = Line(number="12348", name="公共法律服务", mode=LineMode.DUAL, district="东区")


def tracker(book: LineBook) -> Tracker:
    return Tracker(SWITCH, inbound_contexts={TRUNK_CONTEXT}, lines=book)


def arrived(line: str, book: LineBook) -> CallRecord:
    story = Story()
    story.arrive(line=line)
    return track(story.messages, tracker(book)).last


def test_the_line_says_mode_and_district() -> None:
    book = LineBook("城区", [KEPT, DUAL])
    kept, dual = arrived("12315", book), arrived("12348", book)
    assert (kept.line_mode, kept.district) == (LineMode.KEPT, "城区")
    assert (dual.line_mode, dual.district) == (LineMode.DUAL, "东区")


def test_a_line_that_nobody_defined_is_not_guessed_at() -> None:
    unknown = arrived("96310", LineBook("城区", [KEPT]))
    assert (unknown.line, unknown.line_mode, unknown.district) == ("96310", None, "城区")
    assert LineBook().place("") == Place(None, "")


def test_a_line_defined_anew_counts_for_later_calls_only() -> None:
    book = LineBook(lines=[KEPT])
    story, tracking = Story(), tracker(book)
    first = story.arrive(line="12315")
    track(story.messages, tracking)
    book.replace([replace(KEPT, mode=LineMode.CANCELLED, district="西区")])
    story.messages.clear()
    story.arrive(line="12315")
    story.hangup(first)
    second, *_, ended = track(story.messages, tracking).calls
    assert (second.call.line_mode, second.call.district) == (LineMode.CANCELLED, "西区")
    assert (ended.call.line_mode, ended.call.district) == (LineMode.KEPT, "")


def test_the_number_that_the_dialplan_tells_counts() -> None:
    """The trunk's channel may begin at ``s``; HotlineArrived then tells what was dialled."""
    story = Story()
    caller = story.arrive(line="s")
    story.say("UserEvent", *caller.headers(), ("UserEvent", "HotlineArrived"), ("Line", "12315"))
    story.hangup(caller)
    call = track(story.messages, tracker(LineBook(lines=[KEPT]))).last
    assert (call.line, call.line_mode) == ("12315", LineMode.KEPT)


def test_a_recorded_call_taken_up_again_keeps_its_place() -> None:
    recorded = arrived("12315", LineBook("城区", [KEPT]))
    assert thaw(recorded).place == Place(LineMode.KEPT, "城区")


def test_the_ledger_places_what_nobody_saw_and_leaves_the_rest() -> None:
    moved = LineBook("城区", [replace(KEPT, mode=LineMode.CANCELLED)])
    truth = of_ledger("12315", moved)
    assert (truth.line_mode, truth.district) == (LineMode.CANCELLED, "城区")
    ours = replace(truth, line_mode=LineMode.KEPT, district="")
    mended = mend(ours, truth)
    assert (mended.line_mode, mended.district) == (LineMode.KEPT, "")
    nameless = mend(replace(ours, line="", line_mode=None), truth)
    assert (nameless.line, nameless.line_mode) == ("12315", LineMode.CANCELLED)


def of_ledger(line: str, book: LineBook) -> CallRecord:
    root = f"sw-{int(START)}.1"
    cel = [_cel("CHAN_START", root, START, line), _cel("CHAN_END", root, START + 2, line)]
    ledger = reconstruct(SWITCH, [], cel, inbound_contexts={TRUNK_CONTEXT}, lines=book)
    return ledger.ended[root]


def _cel(name: str, root: str, at: float, line: str) -> CelEvent:
    return CelEvent(
        name=name,
        at=at,
        number="13800000001",
        exten=line,
        context=TRUNK_CONTEXT,
        channel="PJSIP/trunk-00000001",
        app="",
        app_data="",
        uniqueid=root,
        linkedid=root,
        extra={},
    )
