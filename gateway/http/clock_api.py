"""Rules of the clocks (时限规则): everyone reads them, administrators change them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import ADMINISTRATORS, EVERYONE
from gateway.http.actors import as_problems
from gateway.http.auditing import record_change
from gateway.http.clock_answers import AllowanceAnswer, allowance_answer
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import Code
from gateway.http.problems import FieldProblem, Problem, not_found
from ticketing.categories import open_category
from ticketing.clocks.deadline import Allowance, Unit
from ticketing.clocks.errors import ClockInvalidError, RuleConflictError
from ticketing.clocks.rules import Rule, Urgency, rule_versions, rules_in_force, save_rule

PATH = f"/api/v1/clock-rules/{{urgency:{'|'.join(Urgency)}}}"

Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class RuleAnswer(Answer):
    """A version of a rule; ``category`` null: for every category without a rule of its own."""

    category: str | None
    urgency: Urgency
    version: int
    sign: AllowanceAnswer
    close: AllowanceAnswer
    withdrawn: bool
    made_at: datetime
    made_by: str


class AllowanceForm(Strict):
    """How long something may take."""

    amount: Annotated[int, Field(ge=1, le=8760)]
    unit: Unit


class RuleForm(Strict):
    """The next version of a rule, and the ``version`` seen by whoever makes it, 0 for a new one.

    ``category`` is the code of a sub-class that is open, null for all without a rule of their own.
    """

    category: Code | None = None
    sign: AllowanceForm
    close: AllowanceForm
    version: Version


class RuleWithdrawal(Strict):
    """The category goes by the rule for all again, for new cases."""

    category: Code
    version: Version


class RuleChoice(Strict):
    """Which rule: that of a category, or the one for all."""

    category: Code | None = None


@endpoint("GET", "/api/v1/clock-rules", access=EVERYONE, answer=list[RuleAnswer])
async def get_rules(inquiry: Inquiry[Nothing, Nothing]) -> list[RuleAnswer]:
    """The rules that new cases go by."""
    async with inquiry.services.database() as connection:
        return [_answer(rule) for rule in await rules_in_force(connection)]


@endpoint("GET", PATH, access=EVERYONE, query=RuleChoice, answer=list[RuleAnswer])
async def get_rule_versions(inquiry: Inquiry[Nothing, RuleChoice]) -> list[RuleAnswer]:
    """All versions of a rule, the newest first; none when there never was one."""
    async with inquiry.services.database() as connection:
        versions = await rule_versions(connection, inquiry.query.category, _urgency(inquiry))
    return [_answer(rule) for rule in versions]


@endpoint("PUT", PATH, access=ADMINISTRATORS, body=RuleForm, answer=RuleAnswer, problems=(409,))
async def put_rule(inquiry: Inquiry[RuleForm, Nothing]) -> RuleAnswer:
    """Make a new version of a rule; cases that have a clock keep theirs."""
    form = inquiry.body
    with _as_problems("sign.amount"):
        sign = Allowance(form.sign.amount, form.sign.unit)
    with _as_problems("close.amount"):
        close = Allowance(form.close.amount, form.close.unit)
    return await _save(inquiry, form.category, sign, close, form.version, withdrawn=False)


@endpoint(
    "POST",
    f"{PATH}/withdraw",
    access=ADMINISTRATORS,
    body=RuleWithdrawal,
    answer=RuleAnswer,
    problems=(404, 409),
)
async def withdraw_rule(inquiry: Inquiry[RuleWithdrawal, Nothing]) -> RuleAnswer:
    """Let new cases of a category go by the rule for all again."""
    form = inquiry.body
    async with inquiry.services.database() as connection:
        versions = await rule_versions(connection, form.category, _urgency(inquiry))
    if not versions or versions[0].withdrawn:
        raise not_found("该类别的时限规则")
    last = versions[0]
    return await _save(inquiry, form.category, last.sign, last.close, form.version, withdrawn=True)


async def _save(
    inquiry: Inquiry[Any, Nothing],
    category: str | None,
    sign: Allowance,
    close: Allowance,
    version: int,
    *,
    withdrawn: bool,
) -> RuleAnswer:
    services, urgency, now = inquiry.services, _urgency(inquiry), inquiry.services.clock()
    actor = inquiry.person.login
    async with services.database() as connection, connection.transaction():
        if category is not None and not withdrawn:
            with as_problems():
                await open_category(connection, category)
        with _as_problems():
            rule = await save_rule(
                connection,
                category,
                urgency,
                sign=sign,
                close=close,
                seen_version=version,
                actor=actor,
                at=now,
                withdrawn=withdrawn,
            )
        answer = _answer(rule)
        action = "clock_rule.withdrawn" if withdrawn else "clock_rule.saved"
        detail = answer.model_dump(mode="json", include={"version", "sign", "close"})
        await record_change(inquiry, connection, action, f"{category or '*'}/{urgency}", detail)
    return answer


@contextmanager
def _as_problems(field: str | None = None) -> Iterator[None]:
    try:
        yield
    except ClockInvalidError as error:
        named = FieldProblem(field or error.field, str(error))
        raise Problem(422, f"{named.field}：{named.message}", errors=[named]) from None
    except RuleConflictError as error:
        raise Problem(409, str(error)) from None


def _urgency(inquiry: Inquiry[Any, Any]) -> Urgency:
    return Urgency(inquiry.path("urgency"))


def _answer(rule: Rule) -> RuleAnswer:
    return RuleAnswer(
        category=rule.category,
        urgency=rule.urgency,
        version=rule.version,
        sign=allowance_answer(rule.sign),
        close=allowance_answer(rule.close),
        withdrawn=rule.withdrawn,
        made_at=rule.made_at,
        made_by=rule.made_by,
    )


ENDPOINTS = (get_rules, get_rule_versions, put_rule, withdraw_rule)
