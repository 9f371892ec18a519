"""A browser and a small city: what the journeys are made of."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import screenshots

AXE = Path(__file__).parent.parent / "vendor" / "axe" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    """The facts of a running city: url, accounts, people."""
    folder = tmp_path_factory.mktemp("town")
    ready = folder / "ready.json"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).parent / "town.py"),
                str(folder / "home"),
                str(ready),
            ],
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 180
        while not ready.exists():
            late = process.poll() is not None or time.monotonic() > deadline
            assert not late, (folder / "log").read_text()[-4000:]
            time.sleep(0.2)
        yield json.loads(ready.read_text("utf-8"))
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def visitors(browser, town):
    """Cookies of those who are signed in already, by name; each signs in once."""
    known = {"": []}

    def cookies(who):
        if who not in known:
            known[who] = screenshots.sign_in(browser, town, who)
        return known[who]

    return cookies


@pytest.fixture
def open_page(browser, town, visitors):
    """open_page(who, view=…, language=…, width=…) → a page; its console errors fail the test."""
    contexts, said = [], []

    def make(who="", *, view="normal", language="zh", width=1280, script=True, quiet=True):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=script
        )
        contexts.append(context)
        chosen = [
            {"name": name, "value": value, "url": town["url"]}
            for name, value in (("view", view), ("language", language))
        ]
        context.add_cookies([*visitors(who), *chosen])
        page = context.new_page()
        page.set_default_timeout(15_000)
        if quiet:
            page.on(
                "console",
                lambda message: said.append(message.text) if message.type == "error" else 0,
            )
            page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def baseline():
    """What every page must hold: axe finds nothing, one h1, a title, nothing wider than the page."""

    def check(page):
        if not page.evaluate("Boolean(window.axe)"):
            page.evaluate(AXE.read_text("utf-8"))
        result = page.evaluate(
            "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
        )
        found = [
            (item["id"], [node["html"][:200] for node in item["nodes"]][:3])
            for item in result["violations"]
        ]
        assert found == []
        assert page.locator("h1").count() == 1
        assert page.title().strip(" -")
        assert_fits(page)

    return check


def assert_fits(page):
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{wide} px wider than the window"


@pytest.fixture
def fits():
    """Nothing is wider than the window."""
    return assert_fits


@pytest.fixture
def go(town):
    """go(page, path): open a path of the city, with its people's ids filled in."""

    def to(page, path):
        return page.goto(town["url"] + path.format(**town["people"]))

    return to


@pytest.fixture
def wang():
    return SimpleNamespace(name=screenshots.CITIZEN[0], number=screenshots.CITIZEN[1])
