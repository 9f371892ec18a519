"""An analyst asks the collected data: a saved query, one of their own, one that is refused."""

import re

import pytest

pytestmark = pytest.mark.journey
COUNT = "SELECT unit, sum(rows) AS loaded FROM COVERAGE GROUP BY ALL ORDER BY loaded DESC"


def press(page, text):
    page.get_by_role("button", name=text, exact=True).click()


def test_an_analyst_asks_saves_and_takes_away(open_page, go, baseline):
    page = open_page("analyst")
    go(page, "/questions/")
    page.get_by_role("link", name="数据上传情况").click()
    baseline(page)
    press(page, "查询")
    page.locator(".ask-bars").wait_for()
    assert "金陵示范医院" in page.locator(".ask-answer").inner_text()
    assert re.search(r"存证第 \d+ 条", page.locator(".app-tags").inner_text())
    baseline(page)

    go(page, "/questions/new/")
    page.locator("[name=sql]").fill(COUNT)
    page.locator(".ask-tree summary", has_text="门急诊").click()
    page.get_by_role("button", name=re.compile("OP_VISIT 门急诊就诊记录")).click()
    assert page.locator("[name=sql]").input_value() == COUNT
    assert "visit_no" in page.locator(".ask-desk__main table").inner_text()
    baseline(page)
    press(page, "查询")
    page.locator(".ask-answer").wait_for()
    page.get_by_role("link", name="保存这个查询").click()
    baseline(page)
    page.locator("[name=name]").fill("各单位入库")
    press(page, "保存")
    assert page.locator("h1").inner_text() == "各单位入库"
    press(page, "查询")
    page.locator(".ask-bars").wait_for()
    with page.expect_download() as caught:
        press(page, "导出 CSV")
    with open(caught.value.path(), encoding="utf-8-sig") as file:
        assert file.readline().strip() == "unit,loaded"


def test_without_javascript_and_what_is_refused(open_page, go, fits):
    page = open_page("analyst", script=False, width=390)
    go(page, "/questions/new/")
    page.locator("[name=sql]").fill("COPY (SELECT 1) TO '/tmp/x'")
    press(page, "查询")
    assert "已拒绝" in page.locator(".app-tags").inner_text()
    fits(page)
    page.get_by_role("link", name="修改后再查").click()
    page.locator("[name=sql]").fill("SELECT code, name FROM V_GB_T_2261_1 ORDER BY code")
    press(page, "查询")
    for _ in range(20):
        if not page.locator("[data-running]").count():
            break
        page.wait_for_timeout(500)
        page.get_by_role("link", name="刷新", exact=True).click()
    assert "男性" in page.locator(".ask-answer").inner_text()
    fits(page)


def test_a_long_query_is_watched_and_cancelled(open_page, go, baseline):
    page = open_page("analyst")
    go(page, "/questions/new/")
    page.locator("[name=sql]").fill(
        "SELECT count(*) FROM range(3000000000) a(x), range(1000) b(y) WHERE hash(x + y) % 7 = 1"
    )
    press(page, "查询")
    page.locator("[data-running]").wait_for()
    baseline(page)
    press(page, "取消查询")
    assert "已取消" in page.locator(".app-tags").inner_text()
    baseline(page)
