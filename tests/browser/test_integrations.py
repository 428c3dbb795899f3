"""Connecting other systems, letters and visits, and what citizens look up (O4, C1, C7)."""

import re

from playwright.async_api import expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, picture, sign_in
from tests.support.web import PASSWORD, Hotline


async def test_connecting_a_system(open_surface: OpenPage, hotline: Hotline) -> None:
    await hotline.add_user(Role.ADMINISTRATOR, "root")
    page, nobody = await open_surface(), await hotline.browser()
    await sign_in(page, "root", PASSWORD)
    await page.goto("/integrations")
    await page.get_by_role("button", name="接入系统").click()
    form = page.get_by_role("dialog", name="接入系统")
    await form.get_by_role("button", name="保存").click()
    await expect(form.get_by_text("请至少选择一个接口")).to_be_visible()
    await form.get_by_label("系统名称").fill("随手拍")
    await form.get_by_role("radio", name="移动应用").locator("..").click()
    await form.get_by_text("Open311 接口").click()
    await both_pictures(page, "integrations-form")
    await form.get_by_role("button", name="保存").click()
    told = page.get_by_role("dialog", name="新密钥")
    secret = await told.locator("code").inner_text()
    assert re.fullmatch(r"hk_[a-z0-9]{8}_[\w-]{43}", secret)
    await both_pictures(page, "integrations-secret")
    await told.get_by_role("button", name="已保存").click()
    await both_pictures(page, "integrations")
    key = {"Authorization": f"Bearer {secret}"}
    requests = "/open311/v2/requests.json"
    assert (await nobody.ask("GET", requests, headers=key)).status == 200
    row = page.get_by_role("row", name="随手拍")
    await row.get_by_role("button", name="停用").click()
    await expect(row.get_by_role("button", name="启用")).to_be_visible()
    assert (await nobody.ask("GET", requests, headers=key)).status == 403
    await page.reload()
    await expect(row).to_contain_text("2026-11-23")
    await expect(page.get_by_text(secret)).to_have_count(0)


async def test_a_letter_and_its_progress(open_surface: OpenPage, hotline: Hotline) -> None:
    await hotline.add_user(Role.SUPERVISOR, "chief")
    page, citizen = await open_surface(), await open_surface()
    await sign_in(page, "chief", PASSWORD)
    await page.goto("/cases")
    await expect(page.get_by_label("按来源筛选")).to_be_visible()
    await picture(page, "cases-unfiltered")
    await page.get_by_role("link", name="登记来信来访").click()
    await page.get_by_role("radio", name="来访").locator("..").click()
    await page.get_by_label("联系电话").fill("12")
    await page.get_by_role("radio", name="求助").locator("..").click()
    await page.get_by_label("标题").fill("小区停水")
    await page.get_by_label("内容", exact=True).fill("来访人反映停水三天")
    await page.get_by_role("button", name="登记工单").click()
    await expect(page.get_by_text("电话号码须是 3 至 20 位数字").first).to_be_visible()
    await page.get_by_label("联系电话").fill("138 0000 0001")
    await both_pictures(page, "new-letter")
    await page.get_by_role("button", name="登记工单").click()
    await expect(page).to_have_url(re.compile("/cases/20261123-00001$"))
    await expect(page.locator(".facts")).to_contain_text("来访")
    await page.goto("/cases?source=letter")
    await expect(page.get_by_text("没有符合条件的工单")).to_be_visible()
    await page.get_by_label("按来源筛选").get_by_role("link", name="来访").click()
    await expect(page.locator(".found tbody tr")).to_have_count(1)
    await both_pictures(page, "cases-source")

    await citizen.goto("/enquiry")
    await citizen.get_by_role("button", name="查询").click()
    await expect(citizen.get_by_role("alert")).to_contain_text("请填写完整的工单编号")
    await citizen.get_by_label("工单编号").fill("20261123-00001")
    await citizen.get_by_label("来电或联系电话的后四位").fill("0002")
    await citizen.get_by_role("button", name="查询").click()
    await expect(citizen.get_by_role("alert")).to_contain_text("没有相符的工单")
    await citizen.get_by_label("来电或联系电话的后四位").fill("0001")
    await citizen.get_by_role("button", name="查询").click()
    await expect(citizen.get_by_label("办理进度", exact=True)).to_contain_text("已登记")
    await both_pictures(citizen, "enquiry")
    await citizen.set_viewport_size({"width": 390, "height": 760})
    await picture(citizen, "enquiry-phone")
