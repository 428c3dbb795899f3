"""Knowledge base over HTTP (C8): written, reviewed, published, searched, told when wrong."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.auth.roles import Role
from tests.support.web import NOW, Browser, Hotline

ARTICLES = "/api/v1/knowledge/articles"
SEARCH = "/api/v1/knowledge/search"
FEEDBACK = "/api/v1/knowledge/feedback"


def text(title: str = "居住证积分办理指南", **changed: Any) -> dict[str, Any]:
    form = {
        "title": title,
        "body": "# 办理条件\n- 持有居住证满六个月\n- 缴纳社保\n到街道受理中心申请。",
        "department": "D1",
        "valid_from": "2026-01-01",
        "review_due": "2027-06-30",
    }
    return form | changed


async def done(browser: Browser, method: str, path: str, form: Any = None) -> Any:
    """The answer of a request that must succeed."""
    status, answer = await browser.json(method, path, json=form)
    assert status in (200, 201), answer
    return answer


async def refused(browser: Browser, method: str, path: str, form: Any) -> tuple[int, str]:
    """Status and sentence of a refusal."""
    status, problem = await browser.json(method, path, json=form)
    assert status >= 400, problem
    return status, problem["detail"]


async def step(browser: Browser, article: Any, name: str, **more: Any) -> Any:
    form = {"step": name, "revision": article["revision"], **more}
    return await done(browser, "POST", f"{ARTICLES}/{article['article_id']}/steps", form)


async def published(writer: Browser, chief: Browser, **changed: Any) -> Any:
    article = await done(writer, "POST", ARTICLES, text(**changed))
    return await step(chief, await step(writer, article, "submitted"), "approved")


async def found(browser: Browser, words: str, **how: Any) -> list[str]:
    answer = await done(browser, "POST", SEARCH, {"text": words, **how})
    assert answer["count"] == len(answer["articles"])
    return [each["title"] for each in answer["articles"]]


@pytest.fixture
async def town(hotline: Hotline) -> dict[str, Browser]:
    """Departments D1 above S1, D2, and people."""
    for code, parent in (("C1", None), ("D1", "C1"), ("D2", "C1"), ("S1", "D1")):
        await hotline.department(code, parent)
    return {
        "writer": await hotline.department_user("D1"),
        "below": await hotline.department_user("S1"),
        "other": await hotline.department_user("D2"),
        "chief": await hotline.supervisor(),
        "agent": await hotline.agent(),
        "admin": await hotline.administrator(),
    }


async def test_from_draft_to_published_and_withdrawn(town: dict[str, Browser]) -> None:
    writer, chief, agent, other = (town[each] for each in ("writer", "chief", "agent", "other"))
    article = await done(writer, "POST", ARTICLES, text())
    path = f"{ARTICLES}/{article['article_id']}"
    assert [each["step"] for each in article["allowed"]] == ["submitted", "discarded"]
    for browser in (agent, other, town["below"]):
        assert (await refused(browser, "GET", path, None))[0] == 404
    assert await found(agent, "居住证") == []

    submitted = await step(writer, article, "submitted")
    assert [each["step"] for each in submitted["allowed"]] == ["taken_back"]
    stale = {"step": "taken_back", "revision": article["revision"]}
    assert await refused(writer, "POST", f"{path}/steps", stale) == (
        409,
        "文章已被他人修改，请刷新后重试",
    )
    approve = {"step": "approved", "revision": submitted["revision"]}
    assert await refused(writer, "POST", f"{path}/steps", approve) == (
        403,
        "您不能对这篇文章审核通过。您现在可以：撤回送审",
    )
    refuse = {"step": "refused", "revision": submitted["revision"]}
    assert await refused(chief, "POST", f"{path}/steps", refuse) == (422, "审核退回必须填写理由")
    back = await step(chief, submitted, "refused", note="缺少材料清单")
    assert back["draft"]["state"] == "draft"
    changed = await done(
        writer, "PUT", f"{path}/draft", {**text(body="- 材料清单"), "revision": back["revision"]}
    )
    again = await step(writer, changed, "submitted")
    shown = await step(chief, again, "approved")
    assert (shown["shown"]["state"], shown["shown"]["approved_by"]) == ("published", "supervisor")
    assert shown["draft"] is None
    assert await found(agent, "居住证") == ["居住证积分办理指南"]
    read = await done(agent, "GET", path)
    assert (read["allowed"], read["history"], read["may_write"]) == ([], [], False)
    seen = await done(writer, "GET", path)
    assert [each["step"] for each in seen["history"]] == [
        *("saved", "submitted", "refused", "saved", "submitted", "approved"),
    ]

    # What is published stays while a new version is written, and is replaced by it.
    form = {**text(title="居住证积分新办法"), "revision": seen["revision"]}
    revised = await done(writer, "PUT", f"{path}/draft", form)
    assert [each["state"] for each in revised["versions"]] == ["draft", "published"]
    assert [each["state"] for each in (await done(agent, "GET", path))["versions"]] == ["published"]
    assert await found(agent, "居住证") == ["居住证积分办理指南"]
    second = await step(chief, await step(writer, revised, "submitted"), "approved")
    assert await found(agent, "居住证") == ["居住证积分新办法"]
    assert (await done(agent, "GET", f"{path}/versions/1"))["state"] == "replaced"
    assert (await refused(agent, "GET", f"{path}/versions/3", None))[0] == 404

    late = {"step": "confirmed", "revision": second["revision"], "review_due": "2026-11-23"}
    assert (await refused(writer, "POST", f"{path}/steps", late))[0] == 422
    confirmed = await step(writer, second, "confirmed", review_due="2028-01-01")
    assert confirmed["shown"]["review_due"] == "2028-01-01"
    gone = await step(chief, confirmed, "withdrawn", note="政策已废止")
    assert gone["shown"]["state"] == "withdrawn"
    assert await found(agent, "居住证", also_invalid=True) == []
    assert await refused(
        chief, "POST", f"{path}/steps", {"step": "approved", "revision": gone["revision"]}
    ) == (409, "文章已下架，不能审核通过。您现在不能对它进行任何操作")


async def test_nobody_approves_what_he_wrote_and_writes_for_others(
    town: dict[str, Browser], hotline: Hotline
) -> None:
    writer, chief, admin = town["writer"], town["chief"], town["admin"]
    article = await done(chief, "POST", ARTICLES, text())
    path = f"{ARTICLES}/{article['article_id']}"
    form = {**text(title="由部门补充"), "revision": article["revision"]}
    submitted = await step(writer, await done(writer, "PUT", f"{path}/draft", form), "submitted")
    approve = {"step": "approved", "revision": submitted["revision"]}
    status, sentence = await refused(chief, "POST", f"{path}/steps", approve)
    assert status == 403
    assert sentence.startswith(
        "不能审核自己编写的文章，请由他人审核。您现在可以：撤回送审、审核退回"
    )
    in_review = f"{ARTICLES}?shelf=in_review"
    assert [each["title"] for each in await done(admin, "GET", in_review)] == ["由部门补充"]
    assert await done(town["agent"], "GET", in_review) == []
    await step(admin, submitted, "approved")

    assert await refused(town["other"], "POST", ARTICLES, text()) == (
        403,
        "只能编写本部门及下级部门的文章",
    )
    below = await done(writer, "POST", ARTICLES, text(department="S1"))
    assert below["shown"]["department"] == {"code": "S1", "name": "部门S1"}
    above = {**text(department="D2"), "revision": below["revision"]}
    assert (await refused(writer, "PUT", f"{ARTICLES}/{below['article_id']}/draft", above))[
        0
    ] == 403
    assert (await refused(town["agent"], "POST", ARTICLES, text()))[0] == 403
    discarded = await step(town["below"], below, "discarded")
    assert discarded["shown"]["state"] == "discarded"
    admin_path = "/api/v1/departments/S1"
    assert (await refused(admin, "DELETE", admin_path, None))[0] == 409


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"valid_until": "2025-12-31"}, "有效期的终止日期不能早于起始日期"),
    ({"valid_until": "明年"}, "valid_until：必须是日期，例如 2026-11-23"),
    ({"department": "D9"}, "没有代码为D9的部门"),
    ({"category": "K9"}, "没有代码为K9的分类"),
    ({"title": "   "}, "title：至少 1 个字"),
    ({"body": "长" * 10_001}, "body：最多 10000 个字"),
)


async def test_bad_drafts(hotline: Hotline) -> None:
    await hotline.department("D1")
    chief = await hotline.supervisor()
    for changed, sentence in BAD:
        assert await refused(chief, "POST", ARTICLES, text(**changed)) == (422, sentence)
    await done(chief, "POST", ARTICLES, text(body="长" * 10_000))


async def test_search(hotline: Hotline, town: dict[str, Browser]) -> None:
    writer, chief, agent = town["writer"], town["chief"], town["agent"]
    bodies = {
        "供水服务": "水管漏水请拨打供水热线，居住证持有人同样受理。",
        "居住证签注": "每年签注一次。",
        "路灯报修": "道路照明设施由市住建局负责，淞发路、沪太路等主干道当日到场。",
    }
    for title, body in bodies.items():
        await published(writer, chief, title=title, body=body)
    old = await published(writer, chief, title="旧居住证规定", valid_until="2026-11-23")
    await hotline.pool.execute(  # which is what tomorrow would be
        "update knowledge_words set valid_until = '2026-11-22' where version_id ="
        " (select version_id from knowledge_versions where article_id = $1)",
        old["article_id"],
    )
    await published(writer, chief, title="明年的居住证规定", valid_from="2027-01-01")

    assert await found(agent, "居住证") == ["居住证签注", "供水服务"]  # the title counts more
    assert len(await found(agent, "居住证", also_invalid=True)) == 4
    assert await found(agent, "住建局") == ["路灯报修"]
    assert await found(agent, "淞发路 路灯") == ["路灯报修"]
    assert await found(agent, "居住证", department="D2") == []
    assert (await refused(agent, "POST", SEARCH, {"text": "水", "department": "X"}))[0] == 422
    assert (await refused(agent, "POST", SEARCH, {"text": "水", "category": "X"}))[0] == 422
    assert await found(agent, "水") == ["供水服务"]
    assert await found(agent, "") == ["路灯报修", "居住证签注", "供水服务"]
    for odd in ("'", "& | ! :*", "\\", "a & b", "<->", "%"):
        assert (await agent.json("POST", SEARCH, json={"text": odd}))[0] == 200

    case = "市民来电反映宝山区门口的路灯坏了三天没人修，晚上很黑，请问找谁？手机13800000001"
    some = await done(agent, "POST", SEARCH, {"text": case, "any_word": True})
    assert [each["title"] for each in some["articles"]] == ["路灯报修"]
    assert (some["all_words"], "路灯" in some["terms"]) == (False, True)
    none = await done(agent, "POST", SEARCH, {"text": "量子计算机"})
    assert (none["articles"], none["count"], none["all_words"]) == ([], 0, False)
    some = await done(agent, "POST", SEARCH, {"text": "路灯 量子计算机"})
    assert (some["all_words"], [each["excerpt"] for each in some["articles"]]) == (
        False,
        ["道路照明设施由市住建局负责，淞发路、沪太路等主干道当日到场。"],
    )


async def test_due_for_review_and_counts_of_words(
    hotline: Hotline, town: dict[str, Browser]
) -> None:
    writer, chief = town["writer"], town["chief"]
    soon = (NOW + timedelta(days=10)).date().isoformat()
    for title, due in (("远期", "2027-12-31"), ("临近", soon), ("逾期", "2026-03-01")):
        last = await published(writer, chief, title=title, review_due=due)
    due = f"{ARTICLES}?shelf=due"
    for browser in (writer, chief):
        assert [each["title"] for each in await done(browser, "GET", due)] == ["逾期", "临近"]
    for name in ("other", "agent"):
        assert await done(town[name], "GET", due) == []
    assert await done(chief, "GET", f"{due}&department=D2") == []
    assert (await refused(chief, "GET", f"{due}&department=D9", None))[0] == 422

    count = "select articles from knowledge_word_counts where word = '居住证'"
    assert await hotline.pool.fetchval(count) == 3
    await step(chief, last, "withdrawn", note="过时")
    assert await hotline.pool.fetchval(count) == 2


async def test_feedback_is_seen_and_settled_by_its_department(town: dict[str, Browser]) -> None:
    writer, chief, agent = town["writer"], town["chief"], town["agent"]
    article = await published(writer, chief)
    path = f"{ARTICLES}/{article['article_id']}/feedback"
    given = await done(agent, "POST", path, {"kind": "wrong", "text": "电话已变更"})
    missing = {"words": "宠物登记", "text": "市民常问"}
    await done(agent, "POST", FEEDBACK, missing)
    assert (await refused(agent, "POST", FEEDBACK, {"words": " "}))[0] == 422
    assert (
        await refused(agent, "POST", f"{ARTICLES}/99/feedback", {"kind": "wrong", "text": "x"})
    )[0] == 404

    async def listed(browser: Browser, query: str = "") -> list[tuple[str, bool]]:
        rows = await done(browser, "GET", FEEDBACK + query)
        return [(row["text"], row["may_settle"]) for row in rows]

    assert await listed(agent) == [("市民常问", False), ("电话已变更", False)]
    assert await listed(writer) == [("电话已变更", True)]
    assert await listed(chief) == [("市民常问", True), ("电话已变更", True)]
    assert await listed(town["other"]) == []
    settle = f"{FEEDBACK}/{given['feedback_id']}/settle"
    rejected = {"outcome": "rejected"}
    assert await refused(writer, "POST", settle, rejected) == (422, "不采纳必须填写理由")
    assert (await refused(town["other"], "POST", settle, rejected))[0] == 404
    accepted = {"outcome": "accepted", "answer": "已更正"}
    assert (await done(writer, "POST", settle, accepted))["settled_by"] == "dept-d1"
    assert await refused(chief, "POST", settle, accepted) == (
        409,
        "这条反馈已由他人处理，请刷新后查看",
    )
    assert await listed(agent, "?settled=true") == [("电话已变更", False)]
    withdrawn = await step(chief, article, "withdrawn", note="过时")
    assert withdrawn["shown"]["state"] == "withdrawn"
    assert await refused(agent, "POST", path, {"kind": "wrong", "text": "x"}) == (
        409,
        "文章没有已发布的版本，不能反馈",
    )


async def test_articles_of_a_case(hotline: Hotline, town: dict[str, Browser]) -> None:
    writer, chief, agent = town["writer"], town["chief"], town["agent"]
    article = await published(writer, chief)
    draft = await done(writer, "POST", ARTICLES, text(title="草稿"))
    case = {"kind": "consultation", "title": "居住证", "body": "怎么办", "result": "已告知"}
    number = (await done(agent, "POST", "/api/v1/cases", case))["case_no"]
    path = f"/api/v1/cases/{number}/articles"
    linked = await done(agent, "POST", path, {"article_id": article["article_id"]})
    assert [(each["title"], each["version"], each["linked_by"]) for each in linked] == [
        ("居住证积分办理指南", 1, agent.person and agent.person.login)
    ]
    form = {**text(title="新办法"), "revision": article["revision"]}
    revised = await done(writer, "PUT", f"{ARTICLES}/{article['article_id']}/draft", form)
    await step(chief, await step(writer, revised, "submitted"), "approved")
    (kept,) = await done(agent, "POST", path, {"article_id": article["article_id"]})
    assert (kept["title"], kept["version"], kept["state"]) == ("居住证积分办理指南", 1, "replaced")
    for missing in (draft["article_id"], 999):
        assert (await refused(agent, "POST", path, {"article_id": missing}))[0] == 422
    opening = {**case, "articles": [article["article_id"]]}
    with_article = (await done(agent, "POST", "/api/v1/cases", opening))["case_no"]
    (noted,) = await done(agent, "GET", f"/api/v1/cases/{with_article}/articles")
    assert (noted["title"], noted["version"]) == ("新办法", 2)
    status, sentence = await refused(agent, "POST", "/api/v1/cases", {**case, "articles": [999]})
    assert (status, sentence) == (422, "编号为999的文章不存在，或没有已发布的版本，不能引用")
    below = {**case, "department": "S1"}
    below.pop("result")
    dispatched = (await done(agent, "POST", "/api/v1/cases", below))["case_no"]
    to_it, use = f"/api/v1/cases/{dispatched}/articles", {"article_id": article["article_id"]}
    assert await refused(writer, "POST", to_it, use) == (403, "您只能查看这份工单，不能引用文章")
    assert len(await done(town["below"], "POST", to_it, use)) == 1
    secret = {**case, "confidential": True}
    hidden = (await done(agent, "POST", "/api/v1/cases", secret))["case_no"]
    someone = await hotline.browser(await hotline.add_user(Role.AGENT, "zhao", agent="1077"))
    for method, form in (("GET", None), ("POST", {"article_id": article["article_id"]})):
        status, _ = await refused(someone, method, f"/api/v1/cases/{hidden}/articles", form)
        assert status == 404
