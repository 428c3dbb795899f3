"""C7 by telephone over real PostgreSQL and Redis: the state, and nothing to who guesses."""

import pytest

from gateway.context import Context
from gateway.engines import Engines
from gateway.ivr_stores import PER_NUMBER, STATE_PROMPTS, CaseEnquiry
from telephony.agi.flows.enquiry import EnquiryLimitedError
from tests.support.web import Browser, Hotline
from ticketing.lifecycle import CaseState

ASKER = "13900000009"


@pytest.fixture
def enquiry(hotline: Hotline) -> CaseEnquiry:
    engines = Engines(dsn="", pool=hotline.pool, redis=hotline.redis)
    services = hotline.services
    return CaseEnquiry(Context(hotline.settings, engines, services.readiness, services.clock))


async def opened(hotline: Hotline, agent: Browser, **more: object) -> str:
    calls = await hotline.pool.fetchval("select count(*) from calls")
    call_id = await hotline.store_call(f"{calls}.1", "1001")
    form = {"kind": "help", "title": "停水", "body": "三天", "call_id": call_id}
    status, case = await agent.json("POST", "/api/v1/cases", json=form | more)
    assert status == 201
    return str(case["case_no"])


async def ask(enquiry: CaseEnquiry, case_no: str, digits: str, caller: str = ASKER) -> str | None:
    return await enquiry.ask(caller=caller, case_no=case_no, digits=digits)


async def test_every_state_is_said(hotline: Hotline, enquiry: CaseEnquiry) -> None:
    await hotline.department("D1")
    agent = await hotline.agent("1001")
    case_no = await opened(hotline, agent, department="D1")
    await opened(hotline, agent)
    for number, state in enumerate(CaseState):
        await hotline.pool.execute(
            "update cases c set state = $1,"
            " lead_id = case when $1 <> 'registered' then d.department_id end,"
            " closed_at = case when $1 = 'closed' then now() end,"
            " merged_into = case when $1 = 'merged' then"
            "  (select case_id from cases where case_no <> $2) end"
            " from departments d where c.case_no = $2",
            *(state, case_no),
        )
        said = await ask(enquiry, case_no, "0001", caller=f"1390000{number:04d}")
        assert said == STATE_PROMPTS[state]


async def test_nothing_matches(hotline: Hotline, enquiry: CaseEnquiry) -> None:
    case_no = await opened(hotline, await hotline.agent("1001"))
    assert await ask(enquiry, case_no, "9999") is None
    assert await ask(enquiry, "20261123-99999", "0001") is None


async def test_digits_cannot_be_tried_out(hotline: Hotline, enquiry: CaseEnquiry) -> None:
    """Neither from many numbers, nor half over the web: a case has one count of wrong digits."""
    agent, nobody = await hotline.agent("1001"), await hotline.browser()
    case_no = await opened(hotline, agent)
    for number in range(3):
        assert await ask(enquiry, case_no, "9999", caller=f"1390000000{number}") is None
    form = {"case_no": case_no, "digits": "9999"}
    tried = [(await nobody.json("POST", "/api/v1/enquiries", json=form))[0] for _ in range(3)]
    assert tried == [404, 404, 429]
    with pytest.raises(EnquiryLimitedError):
        await ask(enquiry, case_no, "0001", caller="13700000001")


async def test_one_number_cannot_go_through_the_cases(
    hotline: Hotline, enquiry: CaseEnquiry
) -> None:
    known = await opened(hotline, await hotline.agent("1001"))
    for caller in (ASKER, ""):  # who withholds his number has one all the same
        for number in range(PER_NUMBER):
            assert await ask(enquiry, f"20261122-{number:05d}", "0001", caller=caller) is None
        with pytest.raises(EnquiryLimitedError):
            await ask(enquiry, known, "0001", caller=caller)
    assert await ask(enquiry, known, "0001", caller="13700000001") == "enquiry-registered"
    assert ASKER not in str(await hotline.redis.keys())
