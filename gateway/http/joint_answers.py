"""Joint handling (联合办理) as the API tells it."""

from datetime import datetime

from gateway.http.endpoint import Answer
from gateway.http.named_answers import NamedAnswer
from ticketing.clocks.lights import Light
from ticketing.joint import Joint


class JointCallAnswer(Answer):
    """A department that was called in, when it reported in and contributed, and what."""

    department: NamedAnswer
    reported_at: datetime | None
    contributed_at: datetime | None
    contribution: str


class JointAnswer(Answer):
    """A joint handling (联合办理) called by ``caller``; ``light`` is of the joint deadline.

    Everybody is to report in by ``report_by``, ``late``: somebody has not, or the deadline, of
    ``days`` working days, is over. The deadline is null while the calendar is missing.
    """

    joint_id: int
    case_no: str
    title: str
    caller: NamedAnswer
    called_at: datetime
    report_by: datetime
    days: int
    deadline: datetime | None
    light: Light | None
    late: bool
    ended_at: datetime | None
    calls: list[JointCallAnswer]


def joint_answer(joint: Joint, now: datetime) -> JointAnswer:
    """A joint handling as it is answered."""
    return JointAnswer(
        joint_id=joint.joint_id,
        case_no=joint.case_no,
        title=joint.title,
        caller=NamedAnswer.about(joint.caller),
        called_at=joint.called_at,
        report_by=joint.report_by,
        days=joint.days,
        deadline=joint.deadline,
        light=joint.light(now),
        late=joint.ended_at is None and joint.is_late(now),
        ended_at=joint.ended_at,
        calls=[JointCallAnswer.about(call) for call in joint.calls],
    )
