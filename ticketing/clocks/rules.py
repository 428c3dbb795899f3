"""Rules (时限规则): how long signing and closing may take, by category and urgency, in versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ticketing.clocks.deadline import Allowance, Unit
from ticketing.clocks.errors import RuleConflictError
from ticketing.clocks.queries import QUERIES


class Urgency(StrEnum):
    """How urgent a case is."""

    CRITICAL = "critical"  # 特急
    URGENT = "urgent"  # 紧急
    ORDINARY = "ordinary"  # 一般
    COMPLEX = "complex"  # 疑难


_MOST_URGENT_FIRST = {urgency: place for place, urgency in enumerate(Urgency)}


class ClockKind(StrEnum):
    """What a clock measures."""

    SIGNING = "signing"  # 签收: from dispatch to acceptance
    CLOSING = "closing"  # 办结: from registration to closing


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A version of a rule; `category` `None` is for every category without one of its own.

    A `withdrawn` one says that the category goes by the rule for all again.
    """

    rule_id: int
    category: str | None
    urgency: Urgency
    version: int
    sign: Allowance
    close: Allowance
    withdrawn: bool
    made_at: datetime
    made_by: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `clock_rules`."""
        return cls(
            rule_id=row["rule_id"],
            category=row["category"],
            urgency=Urgency(row["urgency"]),
            version=row["version"],
            sign=allowance_of(row, ClockKind.SIGNING),
            close=allowance_of(row, ClockKind.CLOSING),
            withdrawn=row["withdrawn"],
            made_at=row["made_at"],
            made_by=row["made_by"],
        )

    def allows(self, kind: ClockKind) -> Allowance:
        """How long a clock of this kind may take."""
        return self.sign if kind is ClockKind.SIGNING else self.close


def allowance_of(row: Mapping[str, Any], kind: ClockKind) -> Allowance:
    """What a row with the columns of a rule allows a clock of this kind."""
    part = "sign" if kind is ClockKind.SIGNING else "close"
    return Allowance(row[f"{part}_amount"], Unit(row[f"{part}_unit"]))


async def rules_in_force(conn: Any) -> list[Rule]:
    """Every rule that new cases go by, those for all categories first, each most urgent first."""
    rules = [Rule.from_row(row) async for row in QUERIES.rules_in_force(conn)]
    return sorted(rules, key=lambda rule: (rule.category or "", _MOST_URGENT_FIRST[rule.urgency]))


async def rule_versions(conn: Any, category: str | None, urgency: Urgency) -> list[Rule]:
    """Every version of a rule, the newest first; none when there never was one."""
    rows = QUERIES.rule_versions(conn, category=category, urgency=urgency)
    return [Rule.from_row(row) async for row in rows]


async def rule_for(conn: Any, category: str | None, urgency: Urgency) -> Rule:
    """The rule that a new case goes by: that of its category, else that for all."""
    return Rule.from_row(await QUERIES.rule_for(conn, category=category, urgency=urgency))


async def save_rule(
    conn: Any,
    category: str | None,
    urgency: Urgency,
    *,
    sign: Allowance,
    close: Allowance,
    seen_version: int,
    actor: str,
    at: datetime,
    withdrawn: bool = False,
) -> Rule:
    """Make the next version of a rule, for clocks that start from now on.

    `seen_version` is the newest one known to whoever changes it, 0 where there is none. Raises
    `RuleConflictError` when there is a newer one.
    """
    versions = await rule_versions(conn, category, urgency)
    newest = versions[0].version if versions else 0
    row = None
    if newest == seen_version:
        row = await QUERIES.insert_rule(
            conn,
            category=category,
            urgency=urgency,
            version=newest + 1,
            sign_amount=sign.amount,
            sign_unit=sign.unit,
            close_amount=close.amount,
            close_unit=close.unit,
            withdrawn=withdrawn,
            made_at=at,
            made_by=actor,
        )
    if row is None:
        raise RuleConflictError("时限规则已被他人修改，请刷新后重试")
    return Rule.from_row(row)
