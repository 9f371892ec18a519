"""Sign-in through the pages: steps, rotation, idling, forms that were not ours."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from openrhip.kernel import clock
from openrhip.site.accounts import rules

PASSWORD = "correct horse battery"
NAME, NUMBER = "王建国", "320100195304129931"


def text(response):
    return response.content.decode()


def test_password_alone_opens_nothing(client, city, totp):
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        totp(city.doctor)
    answer = client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD})
    assert answer.url == "/staff/second-step/"
    assert client.get("/work/").url.startswith("/staff/sign-in/")


def test_second_step_needs_the_first_and_lapses(client, city, totp):
    assert client.get("/staff/second-step/").url == "/staff/sign-in/"
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        code = totp(city.doctor)
    client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD})
    with clock.frozen(clock.now() + rules.STEP_LIFETIME + timedelta(seconds=1)):
        assert client.post("/staff/second-step/", {"code": code()}).url == "/staff/sign-in/"


def test_first_sign_in_enrols_and_hands_out_recovery_codes(client, city):
    import pyotp

    answer = client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD})
    assert answer.url == "/staff/enrol/"
    page = text(client.get("/staff/enrol/"))
    secret = page.split("data-secret>")[1].split("<")[0].replace(" ", "")
    wrong = client.post("/staff/enrol/", {"code": "000000"})
    assert "动态码不正确" in text(wrong)
    done = client.post("/staff/enrol/", {"code": pyotp.TOTP(secret).at(clock.now())})
    assert text(done).count("<li>") >= rules.RECOVERY_CODES
    assert client.get("/work/").status_code == 200


def test_enrolment_cannot_replace_a_factor_before_the_second_step(client, city, totp):
    totp(city.doctor)
    client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD})
    assert client.get("/staff/enrol/").url == "/staff/second-step/"
    assert client.post("/staff/enrol/", {"code": "123456"}).url == "/staff/second-step/"


def test_session_key_changes_at_each_step(client, city, totp):
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        code = totp(city.doctor)
    client.get("/staff/sign-in/")
    client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD})
    first = client.session.session_key
    client.post("/staff/second-step/", {"code": code()})
    assert client.session.session_key != first


def test_staff_session_ends_after_half_an_hour_without_a_request(signed_in):
    now = clock.now()
    for minutes in (10, 35):
        with clock.frozen(now + timedelta(minutes=minutes)):
            assert signed_in.get("/work/").status_code == 200
    with clock.frozen(now + timedelta(minutes=66)):
        assert signed_in.get("/work/").url.startswith("/staff/sign-in/")
        assert "已自动退出" in text(signed_in.get("/staff/sign-in/"))


def test_sign_out_ends_the_session(signed_in):
    assert signed_in.get("/sign-out/").status_code == 405
    signed_in.post("/sign-out/")
    assert signed_in.get("/work/").status_code == 302


def test_new_password_ends_other_sessions(signed_in, city):
    from openrhip.site.accounts.service import staff

    staff.set_password(account=city.doctor.id, password="another long phrase")
    assert signed_in.get("/work/").status_code == 302


def test_dismissed_staff_are_out_at_the_next_request(signed_in):
    from openrhip.directory import service as directory

    directory.dismiss_staff(code="D1", by="test")
    assert signed_in.get("/work/").status_code == 302


def test_roles_open_their_pages_only(signed_in):
    for path in ("/console/deposits/", "/index/reviews/", "/privacy/emergencies/", "/me/records/"):
        assert signed_in.get(path).status_code == 403, path


def test_citizen_signs_in_with_the_shown_code_in_development(client, city, settings):
    settings.DEVELOPMENT = True
    client.post("/sign-in/", {"name": NAME, "id_number": NUMBER})
    page = text(client.get("/sign-in/code/"))
    code = page.split("data-shown-code>")[1][:6]
    answer = client.post("/sign-in/code/", {"code": code})
    assert answer.url == "/me/records/"
    page = text(client.get("/me/records/"))
    assert NAME in page
    assert "还没有病历" in page


def test_no_code_is_shown_outside_development(client, city):
    client.post("/sign-in/", {"name": NAME, "id_number": NUMBER})
    assert "data-shown-code" not in text(client.get("/sign-in/code/"))


def test_known_and_unknown_people_see_the_same_pages(client, city, settings):
    settings.DEVELOPMENT = True

    def pages(name, number):
        visitor = Client()
        first = visitor.post("/sign-in/", {"name": name, "id_number": number})
        second = visitor.post("/sign-in/code/", {"code": "000000"})
        shown = re.sub(r'value="\w{64}"', "", text(second))
        return first.status_code, first.url, re.sub(r"data-shown-code>\d{6}", "", shown)

    assert pages(NAME, NUMBER) == pages("李四", "320100196602189945")


def test_citizen_session_idles_out(client, city, settings):
    settings.DEVELOPMENT = True
    client.post("/sign-in/", {"name": NAME, "id_number": NUMBER})
    code = text(client.get("/sign-in/code/")).split("data-shown-code>")[1][:6]
    client.post("/sign-in/code/", {"code": code})
    client.get("/me/records/")
    with clock.frozen(clock.now() + rules.CITIZEN_IDLE + timedelta(minutes=2)):
        assert client.get("/me/records/").url.startswith("/sign-in/")


@pytest.mark.parametrize(
    "path", ["/sign-in/", "/staff/sign-in/", "/preferences/", "/sign-out/", "/me/consents/new/"]
)
def test_forms_from_elsewhere_are_refused(city, path):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(path, {"name": "x"})
    assert answer.status_code == 403
    assert "表单已经过期" in text(answer)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_nobody_is_sent_to_another_site(client, city, target):
    answer = client.post("/preferences/", {"view": "elder", "next": target})
    assert answer.url == "/"
    client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD, "next": target})
    assert client.session["next"] == ""


def test_only_trusted_proxies_name_the_caller(rf, settings):
    from openrhip.site.accounts import signin

    request = rf.get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="1.1.1.1, 2.2.2.2")
    assert signin.address_of(request) == "10.0.0.9"
    settings.TRUSTED_PROXIES = frozenset({"10.0.0.9"})
    assert signin.address_of(request) == "2.2.2.2"
    assert signin.address_of(rf.get("/", REMOTE_ADDR="10.0.0.9")) == "10.0.0.9"


def test_owner_changes_the_password_and_other_sessions_end(signed_in, city):
    other = Client()
    other.cookies = signed_in.cookies.copy()
    old, new = PASSWORD, "another long phrase"

    def change(old, new, again):
        return signed_in.post("/staff/security/password/", {"old": old, "new": new, "again": again})

    assert "不一致" in text(change(old, new, new + "x"))
    assert "现在的口令不正确" in text(change("wrong", new, new))
    assert change(old, "123", "123").status_code == 200
    assert change(old, new, new).url == "/staff/security/"
    assert "其他设备上的登录已经退出" in text(signed_in.get("/staff/security/"))
    assert other.get("/staff/security/").status_code == 302


def operator_client(city, totp):
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        code = totp(city.operator)
    visitor = Client()
    visitor.post("/staff/sign-in/", {"name": "luo", "password": PASSWORD})
    visitor.post("/staff/second-step/", {"code": code()})
    return visitor


def test_operator_resets_a_lost_factor_and_it_is_on_record(signed_in, city, totp):
    from openrhip.site.accounts.service import staff, trail

    operator = operator_client(city, totp)
    page = text(operator.get("/console/accounts/"))
    assert "沈立新" in page
    operator.post(f"/console/accounts/{city.doctor.id}/", {"deed": "reset"})
    assert not staff.account(city.doctor.id).has_factor
    kinds = [event.kind for event in trail.recent(account=city.doctor.id)]
    assert "factor-reset" in kinds


def test_operator_closes_an_account_but_not_their_own(signed_in, city, totp):
    operator = operator_client(city, totp)
    operator.post(f"/console/accounts/{city.doctor.id}/", {"deed": "close"})
    assert signed_in.get("/work/").status_code == 302
    own = f"/console/accounts/{city.operator.id}/"
    assert operator.post(own, {"deed": "close"}).status_code == 403
    assert operator.get("/console/accounts/999/").status_code == 404
    assert operator.get(f"/console/accounts/{city.doctor.id}/").status_code == 200


def test_searches_for_patients_are_noted_and_limited(signed_in, city, monkeypatch):
    from openrhip.site.accounts import models

    monkeypatch.setattr(rules, "SEARCHES_PER_ACCOUNT", rules.Limit(2, timedelta(hours=1)))
    answers = [signed_in.post("/work/", {"id_number": NUMBER}).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    noted = models.Event.objects.filter(account=city.doctor.id, kind="find-patient")
    assert [event.ok for event in noted.order_by("id")] == [True, True, False]
    assert signed_in.get("/work/").status_code == 200


def test_a_stranger_who_plays_proxy_is_not_believed(client, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = frozenset({"10.9.9.9"})
    settings.SECURE_HSTS_SECONDS = 60
    told = {"headers": {"X-Forwarded-Proto": "https"}}
    assert "Strict-Transport-Security" not in client.get("/sign-in/", **told).headers
    believed = client.get("/sign-in/", REMOTE_ADDR="10.9.9.9", **told)
    assert "Strict-Transport-Security" in believed.headers


def test_the_apps_code_is_shown_in_development_alone(client, city, totp, settings):
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        totp(city.doctor)
    client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD})
    for development in (True, False):
        settings.DEVELOPMENT = development
        page = text(client.get("/staff/second-step/"))
        assert ("data-shown-code" in page) == development
