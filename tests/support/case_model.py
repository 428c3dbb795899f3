"""What a case must be, by the table alone."""

from dataclasses import dataclass, field

from ticketing.departments import Level
from ticketing.lifecycle import (
    ONGOING,
    TABLE,
    CaseState,
    Party,
    Step,
    Transition,
)
from ticketing.steps import StepRequest

ABOVE = {"C1": None, "D1": "C1", "D2": "C1", "S1": "D1"}
LEVELS = {"C": Level.CITY, "D": Level.DISTRICT, "S": Level.STREET}
CODES = sorted(ABOVE)
STAFF = {"agent": Party.AGENT, "supervisor": Party.SUPERVISOR, "admin": Party.ADMINISTRATOR}
PEOPLE = [*STAFF, *CODES]


ENDED = {CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.MERGED}


@dataclass
class Model:
    """What a case must be."""

    case_no: str
    case_id: int
    state: CaseState = CaseState.REGISTERED
    lead: str | None = None
    assisting: frozenset[str] = frozenset()
    responsible: str | None = None
    joint: dict[str, str] = field(default_factory=dict)  # how far those that were called in are
    extension: bool = False
    separated: bool = False
    version: int = 1
    steps: list[Step] = field(default_factory=lambda: [Step.REGISTERED])

    def party(self, person: str) -> Party | None:
        """What somebody is to it; none: it is not for him to see."""
        if person in STAFF:
            return STAFF[person]
        if person == self.lead:
            return Party.LEAD
        if person in self.assisting:
            return Party.ASSISTING
        if person == self.responsible:
            return Party.RESPONSIBLE
        concerned = {self.lead, *self.assisting} - {None}
        return Party.ABOVE if any(person in above(str(code)) for code in concerned) else None

    def may(self, person: str, wanted: StepRequest, others: dict[str, "Model"]) -> bool:
        """Whether the table lets somebody take this step."""
        row = TABLE.get((self.state, wanted.step))
        if row is None or row.opening or self.party(person) not in row.parties:
            return False
        if not self.offers(row, person) or not self.suits(wanted):
            return False
        if row.separated not in (None, self.separated):
            return False
        if wanted.target is None:
            return True
        return wanted.target != self.case_no and others[wanted.target].state not in ENDED

    def offers(self, row: Transition, person: str) -> bool:
        """Whether the case is as the row wants it."""
        return (
            row.extension in (None, self.extension)
            and row.joint in (None, bool(self.joint))
            and row.call in (None, self.joint.get(person))
            and (not row.street or LEVELS[str(self.lead)[0]] is Level.STREET)
        )

    def suits(self, wanted: StepRequest) -> bool:
        """Whether the departments that are named can be used."""
        if wanted.step is Step.WHISTLED:
            return not {self.lead, self.responsible} & {*wanted.assisting}
        down = wanted.step is Step.PASSED_DOWN
        return not down or self.lead in above(str(wanted.department))

    def follow(self, who: str, wanted: StepRequest) -> None:
        """Become what the step makes of it."""
        row = TABLE[self.state, wanted.step]
        self._move(wanted, row.to)
        self._call(who, wanted.step, wanted.assisting, row.to)
        asked = wanted.step is Step.EXTENSION_ASKED
        decided = wanted.step in (Step.EXTENSION_GRANTED, Step.EXTENSION_REFUSED)
        ongoing = row.to in (CaseState.ACCEPTED, CaseState.HANDLING)
        self.extension = asked or (self.extension and ongoing and not decided)
        self.separated = step_separates(wanted.step, self.separated)
        self.state = row.to
        self.noted(wanted.step)

    def _move(self, wanted: StepRequest, to: CaseState) -> None:
        if wanted.step is Step.PASSED_DOWN:
            self.responsible = self.responsible or self.lead
            self.lead = wanted.department
            self.assisting -= {str(self.lead)}
        elif wanted.step is Step.TAKEN_BACK:
            self.lead, self.responsible = self.responsible, None
        elif wanted.step is Step.WHISTLED:
            self.assisting |= {*wanted.assisting}
        elif wanted.department or to is CaseState.REGISTERED:
            self.lead, self.assisting = wanted.department, frozenset(wanted.assisting)
            self.responsible = None

    def _call(self, who: str, step: Step, called: tuple[str, ...], to: CaseState) -> None:
        if step is Step.WHISTLED:
            self.joint = dict.fromkeys(called, "called")
        elif step in (Step.REPORTED_IN, Step.CONTRIBUTED):
            self.joint[who] = "reported" if step is Step.REPORTED_IN else "contributed"
        over = set(self.joint.values()) == {"contributed"}
        if over or step is Step.JOINT_ENDED or to not in ONGOING:
            self.joint = {}

    def noted(self, step: Step) -> None:
        """One step more."""
        self.version += 1
        self.steps.append(step)


def step_separates(step: Step, before: bool) -> bool:
    """Whether a case is a separated matter after a step."""
    return step is Step.SEPARATED or (before and step is not Step.REJOINED)


def above(code: str) -> set[str]:
    """The departments above one."""
    parent = ABOVE[code]
    return set() if parent is None else {parent, *above(parent)}
