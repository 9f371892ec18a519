"""Pictures of every page of a running site, in both views, both widths and both languages.

python tools/screenshots.py FACTS.json FOLDER [--only NAME,NAME] [--languages zh,en]

FACTS.json: {"url": …, "accounts": {who: {"name": …, "password": …, "secret": …}}, "people": {…}} as
the journeys' city writes it (tests/journeys/town.py); who: shen, pan, operator, privacy, index,
sender, analyst. Needs a development site, which shows its codes.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = (390, 1280)
VIEWS = ("normal", "elder")
CITIZEN = ("王建国", "320100195304129931")


def opened(path: str) -> Callable[[Page, dict[str, Any]], None]:
    def go(page: Page, facts: dict[str, Any]) -> None:
        page.goto(facts["url"] + path)

    return go


def pressed(path: str, button: str) -> Callable[[Page, dict[str, Any]], None]:
    def go(page: Page, facts: dict[str, Any]) -> None:
        page.goto(facts["url"] + path.format(**facts["people"]))
        page.locator(button).first.click()
        page.wait_for_load_state("networkidle")

    return go


def filled(path: str) -> Callable[[Page, dict[str, Any]], None]:
    def go(page: Page, facts: dict[str, Any]) -> None:
        page.goto(facts["url"] + path.format(**facts["people"]))

    return go


def asked(sql: str) -> Callable[[Page, dict[str, Any]], None]:
    """The page of a query that was written in the editor."""

    def go(page: Page, facts: dict[str, Any]) -> None:
        page.goto(facts["url"] + "/questions/new/")
        page.locator("[name=sql]").fill(sql)
        page.locator(".ask-editor button").click()
        page.locator("[data-running]").wait_for(state="detached")
        page.wait_for_load_state("networkidle")

    return go


def kept(sql: str) -> Callable[[Page, dict[str, Any]], None]:
    def go(page: Page, facts: dict[str, Any]) -> None:
        asked(sql)(page, facts)
        page.goto(page.url + "save/")

    return go


def found(page: Page, facts: dict[str, Any]) -> None:
    page.goto(facts["url"] + "/work/")
    page.locator("[name=id_number]").fill(CITIZEN[1])
    page.locator("main form button").first.click()


def code_page(page: Page, facts: dict[str, Any], number: str = "") -> None:
    """Whoever it is, the page is the same; a new number each time stays below the limit."""
    page.goto(facts["url"] + "/sign-in/")
    page.locator("[name=name]").fill(CITIZEN[0])
    page.locator("[name=id_number]").fill(number or f"3201001953{secrets.randbelow(10**8):08d}")
    page.locator("main form button").click()


def wrong_form(page: Page, facts: dict[str, Any]) -> None:
    page.goto(facts["url"] + "/sign-in/")
    page.locator("main form button").click()


def after_password(who: str) -> Callable[[Page, dict[str, Any]], None]:
    """What follows the right password: the second step, or its set-up."""

    def go(page: Page, facts: dict[str, Any]) -> None:
        account = facts["accounts"][who]
        page.goto(facts["url"] + "/staff/sign-in/")
        page.locator("[name=name]").fill(account.get("name", who))
        page.locator("[name=password]").fill(account["password"])
        page.locator("main form button[type=submit]").click()
        page.wait_for_load_state("networkidle")

    return go


def person(page: Page, facts: dict[str, Any]) -> None:
    page.goto(f"{facts['url']}/work/people/{facts['people']['wang']}/")


def refused(page: Page, facts: dict[str, Any]) -> None:
    """Ask for a record through a form that an ordinary page would not offer."""
    page.goto(facts["url"] + "/work/")
    page.evaluate(
        """([path]) => {
          const form = document.querySelector("main form");
          form.action = path;
          form.submit();
        }""",
        [f"/work/records/{facts['people']['sealed']}/ask/"],
    )
    page.wait_for_load_state("networkidle")


SCREENS: tuple[tuple[str, str, Callable[[Page, dict[str, Any]], None]], ...] = (
    ("front", "", opened("/")),
    ("sign-in", "", opened("/sign-in/")),
    ("sign-in-wrong", "", wrong_form),
    ("sign-in-code", "", code_page),
    ("staff-sign-in", "", opened("/staff/sign-in/")),
    ("second-step", "", after_password("privacy")),
    ("enrol", "", after_password("newcomer")),
    ("accessibility", "", opened("/accessibility/")),
    ("not-found", "", opened("/nowhere/")),
    ("my-records", "citizen", opened("/me/records/")),
    ("my-reading", "citizen", pressed("/me/records/", ".app-open")),
    ("my-accesses", "citizen", opened("/me/accesses/")),
    ("my-access", "citizen", pressed("/me/accesses/", ".app-list .app-action-link")),
    ("my-consents", "citizen", opened("/me/consents/")),
    ("give-consent", "citizen", opened("/me/consents/new/")),
    ("withdraw-consent", "citizen", pressed("/me/consents/", ".app-list .app-action-link")),
    ("my-notices", "citizen", opened("/me/notices/")),
    ("find-patient", "shen", opened("/work/")),
    ("found-patient", "shen", found),
    ("patient", "shen", person),
    ("work-reading", "shen", pressed("/work/people/{wang}/", "main td .app-link-button")),
    ("refused", "pan", refused),
    ("patient-hidden", "pan", person),
    ("emergency-access", "pan", pressed("/work/people/{wang}/", "main .nhsuk-button--warning")),
    ("security", "shen", opened("/staff/security/")),
    ("deposits", "operator", opened("/console/deposits/")),
    ("refusals", "operator", opened("/console/refused/")),
    ("refusal", "operator", pressed("/console/refused/", ".app-table .app-action-link")),
    ("ledger", "operator", opened("/console/ledger/")),
    ("nodes", "operator", opened("/console/nodes/")),
    ("policies", "operator", opened("/console/policies/")),
    ("change-password", "shen", opened("/staff/security/password/")),
    ("accounts", "operator", opened("/console/accounts/")),
    ("account", "operator", pressed("/console/accounts/", ".app-table .app-action-link")),
    ("collection", "operator", opened("/console/collection/")),
    ("heat-days", "operator", opened("/console/collection/heat/")),
    ("heat-tables", "operator", opened("/console/collection/heat/?by=hospital")),
    ("persons", "operator", opened("/console/collection/persons/")),
    ("batches", "operator", opened("/console/collection/batches/?unit=QX0002")),
    ("batch", "operator", filled("/console/collection/batches/{spoilt}/")),
    ("unit-desk", "sender", opened("/unit/")),
    ("unit-rule", "sender", pressed("/unit/faults/", ".app-table .app-action-link")),
    ("catalogue", "sender", opened("/catalogue/?domain=imaging")),
    ("catalogue-table", "sender", opened("/catalogue/OP_INFUSION/")),
    ("questions", "analyst", opened("/questions/")),
    ("question", "analyst", opened("/questions/saved/coverage/")),
    ("question-new", "analyst", opened("/questions/new/?table=OP_VISIT")),
    ("question-tables", "analyst", opened("/questions/tables/?q=HTN")),
    ("question-table", "analyst", opened("/questions/tables/OP_RECORD/")),
    ("question-answer", "analyst", pressed("/questions/saved/coverage/", "main form button")),
    ("question-refused", "analyst", asked("SELECT * FROM read_csv('/etc/hosts')")),
    ("question-save", "analyst", kept("SELECT 1 AS number, 'x' AS name")),
    ("question-runs", "analyst", opened("/questions/runs/")),
    ("reviews", "index", opened("/index/reviews/")),
    ("review", "index", pressed("/index/reviews/", ".app-table .app-action-link")),
    ("emergencies", "privacy", opened("/privacy/emergencies/")),
    ("emergency", "privacy", pressed("/privacy/emergencies/", ".app-table .app-action-link")),
)  # fmt: skip


def sign_in(browser: Browser, facts: dict[str, Any], who: str) -> list[dict[str, Any]]:
    """The cookies of a signed-in visitor."""
    context = browser.new_context()
    page = context.new_page()
    if who == "citizen":
        code_page(page, facts, CITIZEN[1])
        page.locator("[name=code]").fill(page.locator("[data-shown-code]").inner_text())
    else:
        account = facts["accounts"][who]
        page.goto(facts["url"] + "/staff/sign-in/")
        page.locator("[name=name]").fill(account.get("name", who))
        page.locator("[name=password]").fill(account["password"])
        page.locator("main form button[type=submit]").click()
        page.locator("[name=code]").fill(pyotp.TOTP(account["secret"]).now())
    page.locator("main form button[type=submit]").click()
    page.wait_for_load_state("networkidle")
    cookies: list[dict[str, Any]] = [
        dict(cookie) for cookie in context.cookies() if cookie["name"] not in {"view", "language"}
    ]
    context.close()
    return cookies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--languages", default="zh,en")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    given = parser.parse_args()
    facts = json.loads(given.facts.read_text("utf-8"))
    wanted = set(given.only.split(",")) if given.only else {name for name, _, _ in SCREENS}
    given.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.browser, args=["--no-sandbox"])
        visitors: dict[str, list[dict[str, Any]]] = {"": []}
        for name, who, go in SCREENS:
            if name not in wanted:
                continue
            if who not in visitors:
                visitors[who] = sign_in(browser, facts, who)
            for language in given.languages.split(","):
                for view in VIEWS:
                    for width in WIDTHS:
                        context = browser.new_context(viewport={"width": width, "height": 800})
                        chosen = [
                            {"name": key, "value": value, "url": facts["url"]}
                            for key, value in (("view", view), ("language", language))
                        ]
                        context.add_cookies([*visitors[who], *chosen])  # type: ignore[list-item]
                        page = context.new_page()
                        go(page, facts)
                        target = given.folder / f"{name}-{language}-{view}-{width}.png"
                        page.screenshot(path=target, full_page=True)
                        context.close()
            print(name)
        browser.close()


if __name__ == "__main__":
    main()
