"""The pages of analysts: who may open them, what is asked through them, what is taken away."""

import pyotp
import pytest
from django.urls import reverse

from openrhip.directory import service as directory
from openrhip.kernel import clock
from openrhip.site.accounts.service import factors, staff

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick(settings, monkeypatch):
    """Quick hashing; the pages wait until a query is over, however busy the machine is."""
    monkeypatch.setattr("openrhip.collect.pages.asking.WAIT", 30.0)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def sign_in(client, city):
    """sign_in(*roles): the client of a member of staff with these roles."""

    def enter(*roles):
        directory.register_staff(code="S1", name="范分析", institution_code="CENTRE", roles=roles)
        account = staff.create_account(name="fan", password=PASSWORD, staff_code="S1")
        app = pyotp.TOTP(factors.new_secret())
        from datetime import timedelta

        with clock.frozen(clock.now() - timedelta(minutes=5)):
            assert factors.enrol_totp(
                account=account.id, secret=app.secret, code=app.at(clock.now()), address="test"
            )
        client.post(reverse("staff-sign-in"), {"name": "fan", "password": PASSWORD})
        client.post(reverse("second-step"), {"code": app.at(clock.now())})
        return client

    return enter


@pytest.fixture
def pages(sign_in):
    return sign_in("analyst")


def rows(number, **more):
    return [{"visit_no": f"V{n}", "name": "王**", "sex_code": "1"} | more for n in range(number)]


def asked(pages, sql, **given):
    """The page of the run, after it was asked in the editor."""
    answer = pages.post(reverse("new-question"), {"sql": sql, **given})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return answer["Location"], pages.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("role", ["doctor", "operator", "data-manager", "privacy-officer"])
def test_only_analysts_enter(sign_in, role):
    client = sign_in(role)
    for name in ("questions", "new-question", "question-tables", "question-runs"):
        assert client.get(reverse(name)).status_code == 403


def test_the_list_has_the_shipped_queries(pages):
    page = pages.get(reverse("questions")).content.decode()
    assert "平台自带的查询" in page
    assert reverse("question", args=["visits-by-day"]) in page


def test_a_saved_query_is_asked_and_drawn(pages, city):
    city.lay("OP_VISIT", rows(7))
    city.lay("OP_VISIT", rows(9), unit="H2")
    at = reverse("question", args=["visits-by-unit"])
    assert 'type="month"' in pages.get(at).content.decode()
    answer = pages.post(at, {"p-month": "2020-11"})
    page = pages.get(answer["Location"]).content.decode()
    assert "第二示范医院" in page
    assert "<svg" in page
    assert "门急诊人次" in page
    assert city.entries() == [("answer", 2, None, "OP_VISIT:UNITS")]


def test_a_line_chart(pages, city):
    city.lay("OP_VISIT", rows(7))
    answer = pages.post(reverse("question", args=["visits-by-day"]), {"p-month": "2020-11"})
    assert "polyline" in pages.get(answer["Location"]).content.decode()


def test_a_month_that_is_none_is_told_at_its_field(pages, city):
    answer = pages.post(reverse("question", args=["visits-by-day"]), {"p-month": "2020-13"})
    assert answer.status_code == 200
    assert "月份的写法不对" in answer.content.decode()
    assert city.entries() == []


def test_a_mark_of_ones_own_gets_a_field(pages):
    sql = "SELECT count(*) AS n FROM OP_VISIT WHERE _day >= :month"
    answer = pages.post(reverse("new-question"), {"sql": sql})
    page = answer.content.decode()
    assert 'name="p-month"' in page
    assert 'value="2020-11"' in page
    location, page = asked(pages, sql, **{"p-month": "2020-11"})
    assert "已完成" in page
    assert (
        "2020-11"
        in pages.get(reverse("new-question") + f"?run={location.split('/')[-2]}").content.decode()
    )


def test_a_refused_query_says_why_and_is_on_the_ledger(pages, city):
    _, page = asked(pages, "SELECT * FROM read_csv('/etc/passwd')")
    assert "已拒绝" in page
    assert "read_csv" in page
    assert [entry[:3] for entry in city.entries()] == [("refuse", 0, "not-allowed")]


def test_a_mistake_tells_its_place(pages):
    _, page = asked(pages, "SELECT FROM WHERE")
    assert "语句写法有误" in page
    assert "1:" in page


def test_a_wrong_column_is_told_without_places_of_files(pages, city):
    city.lay("OP_VISIT", rows(1))
    _, page = asked(pages, "SELECT visitno FROM OP_VISIT")
    assert "visit_no" in page
    assert str(city.home) not in page
    assert "parquet" not in page


def test_what_stands_in_a_query_is_never_markup(pages):
    _, page = asked(pages, "SELECT '<script>alert(1)</script>' AS \"<b>x</b>\"")
    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;x" in page


def test_an_export_is_masked_and_entered(pages, city):
    city.lay("OP_VISIT", rows(3))
    city.lay("OP_VISIT", rows(9), unit="H2")
    location, _ = asked(pages, "SELECT _unit, count(*) AS n FROM OP_VISIT GROUP BY ALL ORDER BY 1")
    answer = pages.post(location + "export/")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines() == ["_unit,n", "H1,<5", "H2,9"]
    assert [entry[:3] for entry in city.entries()] == [("answer", 2, None), ("export", 2, "masked")]
    assert pages.get(location + "export/").status_code == 405


def test_a_query_is_kept_with_its_chart(pages, city):
    city.lay("OP_VISIT", rows(9))
    location, _ = asked(pages, "SELECT _unit AS u, count(*) AS n FROM OP_VISIT GROUP BY ALL")
    assert 'value="u" selected' in pages.get(location + "save/").content.decode()
    answer = pages.post(location + "save/", {"name": "单位", "chart": "bar", "x": "u", "y": "n"})
    page = pages.post(answer["Location"]).headers["Location"]
    assert "<svg" in pages.get(page).content.decode()
    pages.post(answer["Location"] + "retire/")
    assert pages.get(answer["Location"]).status_code == 404


def test_nobody_sees_the_runs_of_others(pages, city):
    from openrhip.collect.service import asking

    run = asking.ask(text="SELECT 1", by=city.analyst, wait=10)
    for name in ("question-run", "question-state", "question-save"):
        assert pages.get(reverse(name, args=[run.id])).status_code == 404
    for name in ("question-cancel", "question-export"):
        assert pages.post(reverse(name, args=[run.id])).status_code == 404


def test_tables_and_columns(pages):
    page = pages.get(reverse("question-tables") + "?q=血压").content.decode()
    assert "HTN_FOLLOWUP" in page
    assert "OP_CHARGE_ITEM" not in page
    page = pages.get(reverse("question-table", args=["OP_RECORD"])).content.decode()
    assert "需要另外授权" in page
    assert pages.get(reverse("question-table", args=["NOTHING"])).status_code == 404
    assert (
        "FROM OP_RECORD" in pages.get(reverse("new-question") + "?table=OP_RECORD").content.decode()
    )


def test_without_the_ledger_nothing_is_shown(pages, city, monkeypatch):
    from openrhip.kernel.errors import Unavailable

    def away(*args, **more):
        raise Unavailable("the ledger does not answer")

    monkeypatch.setattr(city.ledger, "append", away)
    answer = pages.post(reverse("new-question"), {"sql": "SELECT 41 + 1 AS n"})
    assert answer.status_code == 503
    monkeypatch.undo()
    from openrhip.collect import models

    row = models.QueryRun.objects.get()
    assert row.receipt is None
