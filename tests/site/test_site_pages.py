"""The shell: headers, languages, views, error pages, routes, assets."""

import re
from pathlib import Path

import pytest
from django.test import RequestFactory
from django.urls import get_resolver

import openrhip
from openrhip.kernel.errors import Malformed, NotFound, Refused, Unavailable
from openrhip.site import errors, formats, urls

ROOT = Path(openrhip.__file__).parent
TEMPLATES = sorted(ROOT.rglob("*.jinja"))


def text(response):
    return response.content.decode()


def test_every_route_says_who_may_open_it():
    unguarded = [
        str(item.pattern)
        for item in urls.urlpatterns
        if hasattr(item, "callback") and not hasattr(item.callback, "guard")
    ]
    # Machines prove themselves by signed requests; the health check tells nothing to anybody.
    assert [path for path in unguarded if not path.startswith(("api/", "healthz"))] == []


def test_signed_out_visitors_are_sent_to_a_door(client, db):
    door = 0
    for item in get_resolver().url_patterns:
        path = "/" + str(item.pattern)
        doors = ("/me/", "/work/", "/console/", "/index/", "/privacy/", "/unit/", "/catalogue/")
        if not path.startswith(doors):
            continue
        path = re.sub(r"<str:\w+>", "0" * 32, path)
        path = re.sub(r"<int:\w+>", "1", path)
        path = re.sub(r"<slug:\w+>", "pdf", path)
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.url.startswith(("/sign-in/?next=", "/staff/sign-in/?next=")), path
        assert client.post(path).status_code == 403, path
        door += 1
    assert door > 20


def test_security_headers_on_every_answer(client, db):
    for path in ("/", "/nowhere/", "/sign-in/", "/static/site/site.css"):
        answer = client.get(path)
        headers = answer.headers
        if answer.streaming:
            b"".join(answer.streaming_content)
        answer.close()
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["X-Frame-Options"] == "DENY"


def test_cookies_are_shut_and_transport_is_strict_outside_development():
    from openrhip.site import settings

    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
    if not settings.DEVELOPMENT:
        assert settings.SESSION_COOKIE_SECURE
        assert settings.CSRF_COOKIE_SECURE
        assert settings.SECURE_HSTS_SECONDS >= 31_536_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_inline_script_or_style_and_no_outside_address(path):
    source = path.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", source)
    assert not re.search(r"https?://(?!www\.w3\.org/)", source)
    assert "|safe" not in source.replace(" ", "")


def test_static_files_load_nothing_from_outside():
    for path in (ROOT / "site" / "static").rglob("*"):
        if path.suffix in {".css", ".mjs", ".js", ".svg"}:
            found = set(re.findall(r"https?://[\w./-]+", path.read_text("utf-8")))
            assert {item for item in found if "www.w3.org" not in item} == set(), path


def test_chinese_first_whatever_the_browser_prefers(client, db):
    page = client.get("/", headers={"accept-language": "en-US,en"})
    assert 'lang="zh-Hans"' in text(page)


def test_language_and_view_are_kept(client, db):
    answer = client.post("/preferences/", {"language": "en", "next": "/sign-in/"})
    assert answer.url == "/sign-in/"
    client.post("/preferences/", {"view": "elder"})
    page = text(client.get("/sign-in/"))
    assert '<html lang="en"' in page
    assert "app--elder" in page
    assert "Identity number" in page
    client.post("/preferences/", {"language": "zh", "view": "normal"})
    page = text(client.get("/sign-in/"))
    assert "身份证号码" in page
    assert "app--normal" in page
    assert client.get("/preferences/").status_code == 405


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (NotFound("secret detail"), 404),
        (Refused("a reason"), 403),
        (Unavailable("secret detail"), 503),
        (Malformed("what is wrong"), 422),
    ],
)
def test_problems_become_pages(client, db, monkeypatch, language, problem, status):
    from openrhip.site import pages

    def broken(request):
        raise problem

    client.cookies["language"] = language
    monkeypatch.setattr(pages, "render", lambda *args: broken(None))
    answer = client.get("/accessibility/")
    assert answer.status_code == status
    page = text(answer)
    assert f"{status}" in page
    assert "secret detail" not in page
    assert ('<html lang="en"' in page) == (language == "en")


@pytest.mark.parametrize("handler", [errors.bad_request, errors.forbidden, errors.not_found])
def test_handlers_have_pages(handler, db):
    assert handler(RequestFactory().get("/")).status_code in {400, 403, 404}


def test_a_bug_shows_the_500_page_without_a_traceback(client, db, monkeypatch):
    from openrhip.site import pages

    def broken(*args):
        raise RuntimeError("inner detail")

    monkeypatch.setattr(pages, "render", broken)
    client.raise_request_exception = False
    answer = client.get("/accessibility/")
    assert answer.status_code == 500
    assert "inner detail" not in text(answer)
    assert "平台出了问题" in text(answer)


def test_dates_are_of_the_city_and_in_the_language():
    from datetime import UTC, datetime

    from django.utils import translation

    at = datetime(2026, 11, 24, 18, 5, tzinfo=UTC)
    with translation.override("zh-hans"):
        assert formats.city_time(at) == "2026年11月25日 02:05"
        assert formats.city_date(None) == "—"
    with translation.override("en"):
        assert formats.city_time(at) == "25 Nov 2026, 02:05"
    assert formats.size_text(500) == "1 kB"
    assert formats.size_text(1_440_000) == "1.4 MB"


def test_catalogue_is_complete_and_current():
    import messages

    assert messages.problems() == []


def test_placeholders_agree_in_both_languages():
    import messages

    for chinese, english in messages.read_catalogue(messages.CATALOGUE).items():
        names = re.findall(r"%\(\w+\)s", chinese)
        assert sorted(names) == sorted(re.findall(r"%\(\w+\)s", english)), chinese
