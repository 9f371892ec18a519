"""What staff do: enrol, find and read, break glass, review, watch over the archive."""

import re

import pyotp
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_first_sign_in_sets_up_an_app(open_page, go, town, baseline):
    # given an account without a second factor
    page = open_page()
    go(page, "/staff/sign-in/")
    page.get_by_label("账户名").fill("newcomer")
    page.get_by_label("口令", exact=True).fill(town["accounts"]["newcomer"]["password"])
    page.get_by_role("button", name="下一步").click()
    # when the key is typed into an app and its code back
    page.get_by_text("不能扫码").click()
    secret = page.locator("[data-secret]").inner_text().replace(" ", "")
    page.get_by_label("身份验证器显示的 6 位动态码").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="绑定并登录").click()
    # then recovery codes are shown once, and the workbench opens
    expect(page.locator(".app-codes li")).to_have_count(8)
    code = page.locator(".app-codes li").first.inner_text()
    baseline(page)
    page.get_by_role("link", name="已保存，继续").click()
    expect(page.get_by_role("heading", name="查找患者")).to_be_visible()
    # and a recovery code opens the account once
    page.get_by_role("button", name="退出").click()
    for expected in ("查找患者", "确认是您本人"):
        go(page, "/staff/sign-in/")
        page.get_by_label("账户名").fill("newcomer")
        page.get_by_label("口令", exact=True).fill(town["accounts"]["newcomer"]["password"])
        page.get_by_role("button", name="下一步").click()
        page.get_by_label("动态码或恢复码").fill(code)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", name=expected)).to_be_visible()
        if expected == "查找患者":
            page.get_by_role("button", name="退出").click()


def test_registers_a_passkey_and_signs_in_with_it(open_page, go, town):
    # given a signed-in operator and a browser with an authenticator
    page = open_page("operator")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    go(page, "/staff/security/")
    # when a passkey is registered
    page.get_by_label("给它起个名字").fill("值班室电脑")
    page.get_by_role("button", name="登记通行密钥").click()
    page.get_by_role("paragraph").filter(has_text="值班室电脑").wait_for()
    # then it is the second step from now on
    page.context.clear_cookies()
    go(page, "/staff/sign-in/")
    page.get_by_label("账户名").fill("operator")
    page.get_by_label("口令", exact=True).fill(town["accounts"]["operator"]["password"])
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="使用通行密钥").click()
    page.get_by_role("heading", name="归档情况").wait_for()
    # and it can be removed
    go(page, "/staff/security/")
    page.get_by_role("button", name="移除").click()
    expect(page.get_by_text("值班室电脑")).to_have_count(0)


def test_doctor_finds_reads_and_leaves_a_trace(open_page, go, baseline):
    # given a doctor whose department treats the patient
    page = open_page("shen")
    go(page, "/work/")
    page.get_by_label("身份证号码").fill("320100195304129931")
    page.get_by_role("button", name="查找").click()
    # then the result shows no more than needed
    hit = page.locator("h2:has-text('查找结果') + .app-list")
    assert "王*国" in hit.inner_text()
    assert "王建国" not in hit.inner_text()
    hit.get_by_role("link").click()
    # when a record is asked for
    page.get_by_role("button", name="检验报告").click()
    # then it opens with watermark, data and the number of its ledger entry
    assert re.search(r"沈立新 金陵示范医院 \d{4}-\d\d-\d\d", page.locator("aside").inner_text())
    assert "存证" in page.locator("aside").inner_text()
    page.locator("aside summary").click()
    expect(page.locator(".app-data > div").nth(5)).to_be_visible()
    baseline(page)


def test_searches_that_say_too_little_are_not_made(open_page, go):
    page = open_page("shen")
    go(page, "/work/")
    page.get_by_label("姓名").fill("王建国")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("alert").get_by_text("只有姓名时")).to_be_visible()
    page.get_by_label("身份证号码").fill("320100195304129932")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("alert").get_by_text("校验位不对")).to_be_visible()
    assert "320100" not in page.url


def test_stranger_is_refused_then_breaks_glass_and_is_reviewed(open_page, go, town, baseline):
    # given a doctor elsewhere without a treatment relation
    page = open_page("pan", quiet=False)
    go(page, "/work/people/{sun}/")
    expect(page.get_by_text("不会显示")).to_be_visible()
    expect(page.get_by_role("button", name="调阅")).to_have_count(0)
    # when the doctor breaks glass without saying why
    page.get_by_role("link", name="紧急调阅").click()
    page.get_by_role("button", name="开始紧急调阅").click()
    expect(page.get_by_role("alert").get_by_text("请写明理由")).to_be_visible()
    page.get_by_label("紧急调阅的理由").fill("急诊昏迷，需要了解手术史和过敏史")
    page.get_by_label("我知道").check()
    page.get_by_role("button", name="开始紧急调阅").click()
    # then the records are listed and one opens
    expect(page.get_by_text("正在紧急调阅")).to_be_visible()
    page.get_by_role("button", name=re.compile("^调阅")).first.click()
    expect(page.locator(".app-page img").first).to_be_visible()
    go(page, "/work/people/{sun}/")
    page.get_by_role("button", name="结束紧急调阅").click()
    expect(page.get_by_text("不会显示")).to_be_visible()
    # and the privacy officer finds and reviews it
    officer = open_page("privacy")
    go(officer, "/privacy/emergencies/")
    row = officer.locator("tr", has_text="急诊昏迷").first
    row.get_by_role("link", name="打开").click()
    officer.get_by_label("确属急救，合理").check()
    officer.get_by_label("核查说明").fill("与急诊登记一致")
    officer.get_by_role("button", name="保存结论").click()
    expect(
        officer.locator("tr", has_text="与急诊登记一致")
        .or_(officer.locator("tr", has_text="急诊昏迷").filter(has_text="合理"))
        .first
    ).to_be_visible()
    baseline(officer)


def test_clerk_merges_and_splits_again(open_page, go, baseline):
    # given a doubtful pair
    page = open_page("index")
    go(page, "/index/reviews/")
    page.get_by_role("link", name="比较").first.click()
    # when it is found to be one person
    page.get_by_label("是同一人，合并").check()
    page.get_by_label("依据").fill("核对身份证原件")
    page.get_by_role("button", name="保存判断").click()
    expect(page.get_by_text("已合并，并写入存证账本。")).to_be_visible()
    # then the merge is in the history and can be undone
    page.get_by_role("link", name="合并记录").first.click()
    page.get_by_text("拆分这次合并").click()
    page.get_by_label("拆分的依据").fill("电话核实，是姐妹两人")
    page.get_by_role("button", name="拆分").click()
    expect(page.get_by_text("已拆分").first).to_be_visible()
    baseline(page)


def test_operator_sees_the_archive_and_what_was_refused(open_page, go, baseline):
    page = open_page("operator")
    go(page, "/console/deposits/")
    expect(page.get_by_role("img", name=re.compile("柱状图"))).to_be_visible()
    page.get_by_label("医疗机构", exact=True).select_option(label="玄武湖示范医院")
    page.get_by_role("button", name="显示").click()
    page.wait_for_url("**institution=**")
    shown = page.get_by_role("region", name="按医疗机构").inner_text()
    assert "玄武湖示范医院" in shown
    assert "金陵示范医院" not in shown
    go(page, "/console/refused/")
    page.get_by_role("link", name="报告").first.click()
    expect(page.get_by_text("怎样改正：").first).to_be_visible()
    baseline(page)
    go(page, "/console/ledger/")
    expect(page.locator(".app-checks__good").nth(3)).to_be_visible()
    expect(page.locator(".app-checks__bad")).to_have_count(0)


def test_operator_cannot_open_records(open_page, go):
    page = open_page("operator", quiet=False)
    assert go(page, "/work/people/{wang}/").status == 403
    expect(page.get_by_role("heading", name="您不能打开这个页面")).to_be_visible()
