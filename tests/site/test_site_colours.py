"""Colours: every pair of the tokens that meets on a page has enough contrast (WCAG 1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest

import openrhip

SHEETS = Path(openrhip.__file__).parent / "site" / "static"
CSS = (SHEETS / "site" / "site.css").read_text("utf-8")
NHSUK = (SHEETS / "vendor" / "nhsuk" / "nhsuk.css").read_text("utf-8")


def tokens(css, selector):
    block = re.search(re.escape(selector) + r"\s*\{([^}]*)\}", css)
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", block.group(1)))


NORMAL = tokens(CSS, ":root")
ELDER = {**NORMAL, **tokens(CSS, "html.app--elder { font-size: 137.5%; }\nhtml.app--elder")}
TEXT = [
    ("ink", "paper"), ("ink", "ground"), ("ink-soft", "paper"), ("ink-soft", "ground"),
    ("on-brand", "brand"), ("on-brand", "brand-deep"), ("on-brand-soft", "brand"),
    ("link", "paper"), ("link", "ground"), ("link", "brand-pale"), ("link", "warn-pale"),
    ("ink", "brand-pale"), ("ink", "warn-pale"), ("ink", "bad-pale"), ("ink", "good-pale"),
    ("good", "paper"), ("good", "good-pale"), ("bad", "paper"), ("brand", "paper"),
    ("brand-deep", "brand-pale"),
]  # fmt: skip


def luminance(colour):
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(sign * 2 for sign in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself():
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("view", [NORMAL, ELDER], ids=["normal", "elder"])
@pytest.mark.parametrize(("front", "back"), TEXT, ids=lambda name: name)
def test_text_pairs(view, front, back):
    assert contrast(view[front], view[back]) >= 4.5


@pytest.mark.parametrize("back", ["brand", "brand-deep", "paper", "ground"])
def test_focus_is_seen(back):
    """The focus ring is yellow with a dark edge: one of the two stands out on every ground."""
    assert max(contrast(NORMAL["focus"], NORMAL[back]), contrast("#212b32", NORMAL[back])) >= 3


@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("button-text", "button"),
        ("button-text", "warning-button"),
        ("secondary-button-text", "card-background"),
        ("error", "body-background"),
        ("secondary-text", "body-background"),
    ],
)
def test_component_pairs(front, back):
    def value(name):
        found = re.search(rf"--nhsuk-{name}-colour: ?(#[0-9a-f]+|white|black)", NHSUK).group(1)
        return {"white": "#ffffff", "black": "#000000"}.get(found, found)

    assert contrast(value(front), value(back)) >= 4.5


def test_tags_have_enough_contrast():
    pairs = re.findall(r"\.app-tag[\w-]* \{ background: ([^;]+); color: (#[0-9a-f]+)", CSS)
    pairs += re.findall(r"background: (#e6ecee); color: (#2b3b40)", CSS)
    assert len(pairs) == 4
    for back, front in pairs:
        ground = NORMAL[back[6:-1]] if back.startswith("var") else back
        assert contrast(front, ground) >= 4.5, (front, back)
