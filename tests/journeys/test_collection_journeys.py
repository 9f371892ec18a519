"""Collection seen by the operator of the centre and by a hospital's data manager."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def saved(page, name):
    """The text of the file behind a link."""
    with page.expect_download() as caught:
        page.get_by_role("link", name=name).click()
    return caught.value.suggested_filename, caught.value.path().read_text("utf-8")


def test_operator_reads_the_month_and_finds_what_was_refused(open_page, go, town):
    # given a batch refused today, one that waits, a district that never sent
    page = open_page("operator")
    go(page, "/console/collection/")
    expect(page.get_by_role("heading", name="今天拒收", exact=True)).to_be_visible()
    waiting = page.get_by_role("region", name="等待校验")
    expect(waiting).to_contain_text("1 批")
    expect(page.get_by_role("region", name="没有上传的单位")).to_contain_text("玄武示范区")
    # when the report of the refused one is opened
    page.get_by_role("region", name="今天拒收的批次").get_by_role("link", name="报告").click()
    # then it says why, what to do, which lines, and that its receipt holds
    expect(page.get_by_text("整批拒收，一行也没有入库")).to_be_visible()
    expect(page.locator(".app-danger")).to_contain_text("60行中有60行不合格")
    expect(page.get_by_role("heading", name="医疗机构代码未填写")).to_be_visible()
    expect(page.locator(".app-checks__good")).to_have_count(4)
    name, text = saved(page, "校验报告（CSV）")
    assert name.endswith("-report.csv")
    assert "org_code" in text


def test_operator_takes_the_figures_of_the_bulletin_away(open_page, go, town):
    page = open_page("operator")
    go(page, "/console/collection/?month={month}")
    year, month = town["people"]["month"].split("-")
    rows = page.get_by_role("region", name=f"{year}年{int(month)}月").nth(1).locator("tbody tr")
    expect(rows).to_have_count(2)
    _name, text = saved(page, "下载两张表（CSV）")
    assert "接入单位" in text
    assert "未反馈" in text
    assert "金陵示范医院" in text


def test_pages_work_without_scripts(open_page, go, town):
    # given a browser without JavaScript
    page = open_page("operator", script=False)
    go(page, "/console/collection/heat/")
    # when the hospitals' tables and the month before are asked for
    page.get_by_role("link", name="医院 × 表").click()
    page.get_by_role("link", name="上个月").click()
    # then the map is of that month and kind
    expect(page.get_by_role("link", name="下个月")).to_be_visible()
    table = page.get_by_role("region", name="采集热力图").locator("table")
    expect(table.locator("thead th")).to_have_count(3)
    expect(table.locator("tr", has_text="OP_REGISTRATION").locator("td").first).to_have_text(
        re.compile(r"^(\d\d|✓)$")
    )


def test_heat_map_says_in_words_what_colours_say(open_page, go, town):
    page = open_page("operator")
    go(page, "/console/collection/units/{hospital}/{month}/")
    cells = page.get_by_role("region", name="每日表到达情况").locator("td")
    shown = set(cells.all_inner_texts())
    known = {"✓", "!", "0", "✗", "–", "·"}
    assert {one for one in shown if not re.fullmatch(r"\+\d+", one)} <= known
    bare = cells.evaluate_all(
        "cells => cells.filter(one => one.className && !one.innerText.trim())"
    )
    assert bare == []


def test_sender_mends_by_the_list_of_faults(open_page, go, baseline):
    # given a hospital whose visits had faults yesterday
    page = open_page("sender")
    go(page, "/unit/faults/")
    baseline(page)
    # when a fault is followed to the batch
    row = page.locator("tr", has_text="OP_VISIT.sex_code.values")
    row.get_by_role("link", name="逐日查看").click()
    expect(page.get_by_text("改用值域GB/T 2261.1的代码")).to_be_visible()
    page.get_by_role("link", name="批次报告").click()
    # then the rows at fault are there with line numbers, and as a file
    rule = page.get_by_role("region", name="例子 2")
    expect(rule.or_(page.get_by_role("region", name="例子 1")).first).to_contain_text("男")
    expect(page.locator(".app-sum")).to_contain_text("60")
    name, text = saved(page, "全部出错的行（CSV）")
    assert name.endswith("-rows.csv")
    assert "性别代码不在值域" in text
    baseline(page)


def test_sender_confirms_a_day_that_is_as_it_should_be(open_page, go, baseline):
    # given a day far below the hospital's own history
    page = open_page("sender")
    go(page, "/unit/faults/OP_VISIT.change.low/")
    expect(page.get_by_text("远少于此前")).to_be_visible()
    page.locator("summary", has_text="确认").click()
    # when no reason is given, then nothing is confirmed
    page.get_by_role("button", name="确认无误").click()
    expect(page.get_by_role("heading", name="没有确认")).to_be_visible()
    baseline(page)
    # when one is given, then the fault is closed
    page.get_by_label("为什么没有问题").fill("当日门诊停诊演练")
    page.get_by_role("button", name="确认无误").click()
    expect(page.get_by_role("heading", name="问题已关闭")).to_be_visible()
    baseline(page)


def test_sender_sees_no_other_unit(open_page, go, town):
    page = open_page("sender", quiet=False)
    assert go(page, "/console/collection/").status == 403
    assert go(page, "/console/collection/units/{district}/{month}/").status == 403
    other = open_page("operator")
    go(other, "/console/collection/batches/?unit={district}")
    href = other.get_by_role("link", name="报告").first.get_attribute("href")
    number = href.rstrip("/").split("/")[-1]
    assert go(page, f"/unit/batches/{number}/").status == 404
    assert go(page, f"/unit/batches/{number}/report.csv").status == 404
    go(page, "/unit/batches/?unit={district}")
    assert "钟山示范区" not in page.locator("main").inner_text()


def test_developer_finds_a_table_and_its_sample(open_page, go, baseline):
    page = open_page("sender", width=390)
    go(page, "/catalogue/")
    page.get_by_label("业务域").select_option(label="检验")
    page.get_by_role("button", name="显示").click()
    page.get_by_role("link", name="检验报告", exact=True).click()
    name, text = saved(page, re.compile("下载示例"))
    assert name == "LAB_REPORT-sample.csv"
    assert len(text.splitlines()) > 50
    page.get_by_role("link", name="GB/T 2261.1").first.click()
    expect(page.get_by_role("row", name="1 男性")).to_be_visible()
    baseline(page)
