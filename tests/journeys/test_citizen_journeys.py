"""What a citizen does: sign in, read, follow who looked, give and withdraw consent, take a copy."""

import io
import json
import zipfile

import pytest
import screenshots
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_signs_in_with_a_code_and_opens_a_record(open_page, go, town, baseline, wang):
    # given a citizen whom a hospital registered
    page = open_page(width=390)
    go(page, "/me/records/")
    assert "/sign-in/" in page.url
    # when name, number and the code are given
    page.get_by_label("姓名").fill(wang.name)
    page.get_by_label("身份证号码").fill(wang.number)
    page.get_by_role("button", name="发送验证码").click()
    page.get_by_label("验证码").fill(page.locator("[data-shown-code]").inner_text())
    page.get_by_role("button", name="登录").click()
    # then the records are there, and one opens with its pages, in words too
    expect(page.get_by_role("heading", name="我的病历")).to_be_visible()
    page.get_by_role("button", name="出院小结").click()
    page.get_by_role("link", name="文字版").click()
    expect(page.get_by_role("heading", level=2).nth(3)).to_be_visible()
    page.get_by_role("link", name="原件图像").click()
    picture = page.locator(".app-page img").first
    picture.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert picture.evaluate("(image) => image.naturalWidth") > 600
    page.get_by_text("第 1 页的文字").click()
    assert "金陵示范医院" in page.locator(".app-page .app-text").first.inner_text()
    baseline(page)


def test_a_wrong_code_says_what_to_do(open_page, go, baseline, wang):
    page = open_page(width=390)
    go(page, "/sign-in/")
    page.get_by_label("姓名").fill(wang.name)
    page.get_by_label("身份证号码").fill("320100196602189945")  # somebody else's number
    page.get_by_role("button", name="发送验证码").click()
    page.get_by_label("验证码").fill(page.locator("[data-shown-code]").inner_text())
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert").get_by_text("验证码不正确")).to_be_visible()
    assert page.title().startswith("出错")
    baseline(page)


def test_filters_by_kind(open_page, go, baseline):
    page = open_page("citizen")
    go(page, "/me/records/")
    everything = page.locator(".app-list > li").count()
    page.get_by_label("种类").select_option(label="检验报告")
    page.get_by_role("button", name="筛选").click()
    page.wait_for_url("**kind=C0007**")
    titles = page.locator(".app-list__title").all_inner_texts()
    assert titles
    assert set(titles) == {"检验报告"}
    assert len(titles) < everything
    page.get_by_label("时间").select_option(label="最近三个月")
    page.get_by_role("button", name="筛选").click()
    baseline(page)


def test_follows_who_looked_and_checks_the_proof(open_page, go, baseline):
    # given that a doctor read a record in an emergency
    page = open_page("citizen", width=390)
    go(page, "/me/notices/")
    expect(page.get_by_text("玄武湖示范医院因急救查看了您的病历").first).to_be_visible()
    # when the citizen verifies it
    page.get_by_role("link", name="核验").first.click()
    # then every check holds, and the proof can be taken away
    expect(page.get_by_text("证明成立")).to_be_visible()
    expect(page.locator(".app-checks__bad")).to_have_count(0)
    expect(page.locator(".app-checks__good").nth(4)).to_be_visible()
    with page.expect_download() as waited:
        page.get_by_role("link", name="下载证明").click()
    proof = json.loads(waited.value.path().read_text("utf-8"))
    assert proof["leaf"]["kind"] == "emergency"
    assert set(proof) == {"leaf", "receipt", "salt", "opened", "log_key"}
    baseline(page)


def test_refused_requests_are_shown_too(open_page, go):
    page = open_page("citizen")
    go(page, "/me/accesses/")
    row = page.locator(".app-list > li", has_text="已拒绝").first
    assert "潘国华" in row.inner_text()
    assert "没有现行的诊疗关系" in row.inner_text()


def test_gives_and_withdraws_a_consent(open_page, go, baseline):
    # given no consent for research
    page = open_page("citizen", view="elder", width=390)
    go(page, "/me/consents/new/")
    # when one hospital is allowed, but which is left open at first
    page.get_by_label("允许查看我的病历", exact=True).check()
    page.get_by_label("某一家医疗机构").check()
    page.get_by_label("科学研究").check()
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_role("alert").get_by_text("请选择一家医疗机构")).to_be_visible()
    baseline(page)
    page.get_by_label("医疗机构", exact=True).select_option(label="金陵示范医院")
    page.get_by_role("button", name="确认").click()
    # then it is in force, with the number of its ledger entry
    row = page.locator(".app-list > li", has_text="允许金陵示范医院查看").first
    assert "存证第" in row.inner_text()
    # and when it is withdrawn it moves to the history
    row.get_by_role("link", name="撤回").click()
    page.get_by_role("button", name="撤回").click()
    expect(page.get_by_text("已经撤回，立即生效。")).to_be_visible()
    past = page.locator(".app-list").last.inner_text()
    assert "允许金陵示范医院查看" in past
    assert "已撤回" in past


def test_takes_a_bundle_a_pdf_and_the_original(open_page, go):
    page = open_page("citizen")
    go(page, "/me/records/")
    page.locator(".app-open").first.click()
    heads = {"带证明的文件包": b"PK", "PDF 副本": b"%PDF", "OFD 原件": b"PK"}
    for name, head in heads.items():
        with page.expect_download() as waited:
            page.get_by_role("button", name=name).click()
        data = waited.value.path().read_bytes()
        assert data.startswith(head), name
        if name == "带证明的文件包":
            assert any("json" in item for item in zipfile.ZipFile(io.BytesIO(data)).namelist())


def test_everything_works_without_scripts(open_page, go):
    page = open_page("citizen", script=False, width=390)
    go(page, "/me/records/")
    page.locator(".app-open").first.click()
    expect(page.locator(".app-page img").first).to_be_visible()
    page.locator("summary").first.click()
    expect(page.locator(".app-text").first).to_be_visible()
    page.get_by_role("button", name="长辈版").click()
    expect(page.locator("html.app--elder")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html[lang=en]")).to_be_visible()


def test_another_persons_record_does_not_exist(open_page, go, town):
    page = open_page("citizen", quiet=False)
    answer = go(page, "/me/accesses/00000000000000000000000000000000/")
    assert answer.status == 404
    page.goto(town["url"] + "/me/records/")
    page.evaluate(
        """(path) => { const form = document.querySelector("main .app-list form");
                       form.action = path; form.submit(); }""",
        f"/me/records/{'0' * 32}/open/",
    )
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", name="没有找到这个页面")).to_be_visible()


def test_the_tool_knows_every_page(town):
    assert len(screenshots.SCREENS) == len({name for name, _, _ in screenshots.SCREENS})
