"""Every page, in both views and at three widths: accessible, quiet, inside the window."""

import pytest
import screenshots

pytestmark = pytest.mark.journey

ANSWERS_WITH_ERROR = {"not-found", "refused"}
"""Pages whose own status is an error, which Chromium reports on its console."""
SHOWS_THE_RECORD = {"work-reading", "my-reading"}
"""Pages with the record's own words, which stay Chinese."""
WIDTHS = (1280, 390)
NARROWEST = 320


@pytest.mark.parametrize("view", screenshots.VIEWS)
@pytest.mark.parametrize(
    ("name", "who", "go_there"),
    screenshots.SCREENS,
    ids=[name for name, _, _ in screenshots.SCREENS],
)
def test_page_meets_the_baseline(open_page, town, baseline, fits, name, who, go_there, view):
    page = open_page(who, view=view, quiet=name not in ANSWERS_WITH_ERROR)
    go_there(page, town)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        baseline(page)
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    fits(page)


@pytest.mark.parametrize(
    ("name", "who", "go_there"),
    screenshots.SCREENS,
    ids=[name for name, _, _ in screenshots.SCREENS],
)
def test_english_page_meets_the_baseline(open_page, town, baseline, name, who, go_there):
    page = open_page(who, language="en", width=390, quiet=name not in ANSWERS_WITH_ERROR)
    go_there(page, town)
    baseline(page)
    assert page.locator("html").get_attribute("lang") == "en"
    labels = page.locator("h1, h2, th[scope=col], dt, label, .app-nav a, .app-footer a")
    text = " ".join(labels.all_inner_texts())
    for known in ("王建国", "王*国", "金陵示范医院", "玄武湖示范医院"):
        text = text.replace(known, "")
    if name not in SHOWS_THE_RECORD:
        assert not [sign for sign in text if "\u4e00" <= sign <= "\u9fff"], text


@pytest.mark.parametrize(("view", "least"), [("normal", 44), ("elder", 60)])
def test_targets_are_large_enough(open_page, go, view, least):
    page = open_page("citizen", view=view, width=390)
    go(page, "/me/consents/new/")
    small = page.evaluate(
        """(least) => [...document.querySelectorAll(
             "main button, main .nhsuk-button, .app-tool, .app-nav a, .app-back, .app-footer a, " +
             "main select, main input[type=radio], main input[type=checkbox], main .app-action-link"
           )].map((item) => [item.outerHTML.slice(0, 90), item.getBoundingClientRect().height])
           .filter(([, height]) => height > 0 && height < least - 0.6)""",
        least,
    )
    assert small == []


def test_elder_view_has_large_words(open_page, go):
    page = open_page("citizen", view="elder", width=390)
    go(page, "/me/records/")
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("main p, main li, main h1, main button")]
              .map((item) => parseFloat(getComputedStyle(item).fontSize))"""
    )
    assert min(sizes) >= 18
    body = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert body == 22


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/staff/sign-in/"])
def test_first_tab_stop_skips_to_the_content(open_page, go, path):
    page = open_page(width=390)
    go(page, path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#maincontent"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
