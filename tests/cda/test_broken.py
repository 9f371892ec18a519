"""Broken records: a typed error or every finding with place and remedy; never anything else."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrhip.formats import cda, ofd
from openrhip.formats.cda import tree
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, Problem, TooLarge

VECTORS = Path(__file__).parents[1] / "vectors" / "cda"
EXPECTED = json.loads((VECTORS / "expected.json").read_text("utf-8"))
GOOD = (VECTORS / "good.xml").read_bytes()
FIXED = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def test_every_vector_is_expected():
    assert {path.stem for path in VECTORS.glob("*.xml")} == EXPECTED.keys()


@pytest.mark.parametrize("name", [name for name, want in EXPECTED.items() if isinstance(want, str)])
def test_what_is_no_shared_document_raises_a_typed_error(name):
    with pytest.raises(Problem) as caught:
        cda.parse((VECTORS / f"{name}.xml").read_bytes())
    assert caught.value.code == EXPECTED[name]
    assert caught.value.what
    assert "钱" not in str(caught.value)
    assert "root:" not in str(caught.value)


@pytest.mark.parametrize(
    "name", [name for name, want in EXPECTED.items() if isinstance(want, list)]
)
def test_every_fault_is_collected_with_place_and_remedy(name):
    found = cda.check(cda.parse((VECTORS / f"{name}.xml").read_bytes()))
    assert sorted({one.code for one in found if not one.ok}) == sorted(EXPECTED[name])
    for one in found:
        assert one.ok is (one.severity == "warning")
        assert one.where.startswith("/ClinicalDocument")
        assert one.text_zh
        assert one.text_en
        assert one.remedy
        assert one.remedy_zh
        assert "320100" not in str(one.as_dict())  # no personal data in what reaches logs


def test_sizes_are_bounded():
    text = "入" * (tree.MAX_TEXT + 1)
    with pytest.raises(TooLarge):
        cda.parse(GOOD.replace("因“胸闷1周”入院。".encode(), text.encode(), 1))
    with pytest.raises(TooLarge):
        cda.parse(GOOD.replace(b'code="zh-CN"', b'code="' + b"z" * 20_000 + b'"', 1))
    with pytest.raises(TooLarge):
        cda.parse(b"<a>" + b"<b/>" * 200_001 + b"</a>")
    with pytest.raises(TooLarge):
        cda.parse(b" " * (tree.MAX_BYTES + 1))
    many = "".join(f"<paragraph>{'甲' * 400_000}</paragraph>" for _ in range(11))
    with pytest.raises(TooLarge):
        cda.parse(GOOD.replace(b"<text/>", f"<text>{many}</text>".encode(), 1))


def test_a_declared_chinese_encoding_is_read():
    body = GOOD.decode().replace("UTF-8", "GB18030", 1).encode("gb18030")
    assert cda.parse(body).patient.name == "钱㛃"


def test_an_entity_is_never_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    body = GOOD.replace(
        b"<ClinicalDocument",
        f"<!DOCTYPE d [<!ENTITY x SYSTEM '{secret}'>]><ClinicalDocument".encode(),
        1,
    ).replace("因“胸闷1周”入院。".encode(), b"&x;", 1)
    with pytest.raises(Malformed, match=r"DTD|entity") as caught:
        cda.parse(body)
    assert "SECRET" not in str(caught.value)


def laid_out_or_refused(xml: bytes) -> None:
    """The whole way of a document; only typed errors may come of it."""
    try:
        document = cda.parse(xml)
        cda.check(document)
        ofd.text(cda.lay_out(document, source=xml))
    except Problem:
        return


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_changed_bytes_end_in_a_typed_error_or_a_document(data):
    with clock.frozen(FIXED):
        body = bytearray(GOOD)
        for _ in range(data.draw(st.integers(1, 6))):
            at = data.draw(st.integers(0, len(body) - 1))
            how = data.draw(st.sampled_from(("set", "cut", "copy")))
            if how == "set":
                body[at] = data.draw(st.integers(0, 255))
            elif how == "cut":
                del body[at : at + data.draw(st.integers(1, 200))]
            else:
                body[at:at] = body[at : at + data.draw(st.integers(1, 400))]
        laid_out_or_refused(bytes(body))


SAMPLES = {name: xml for name, xml in cda.samples().items() if "series" not in name}


@pytest.mark.parametrize("name", SAMPLES)
def test_elements_moved_dropped_doubled_or_renamed(name):
    """Structural mutations of every sample: still only typed errors."""
    rng = random.Random(name)  # noqa: S311 - repeatable, not secret
    from lxml import etree

    for _ in range(6):
        root = etree.fromstring(SAMPLES[name])
        nodes = [node for node in root.iter() if node.getparent() is not None]
        for _ in range(rng.randint(1, 8)):
            node = rng.choice(nodes)
            parent = node.getparent()
            if parent is None:
                continue
            how = rng.choice(("drop", "double", "move", "rename", "blank", "attribute"))
            if how == "drop":
                parent.remove(node)
            elif how == "double":
                parent.append(etree.fromstring(etree.tostring(node)))
            elif how == "move":
                target = rng.choice(nodes)
                if node not in target.iterancestors() and target is not node:
                    target.append(node)
            elif how == "rename":
                node.tag = rng.choice(nodes).tag
            elif how == "blank":
                node.text = None
            else:
                for key in list(node.attrib):
                    node.set(key, rng.choice(("", "-1", "9" * 40, "不是", "20991399")))
        laid_out_or_refused(etree.tostring(root))


WORDS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=0, max_size=60
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=WORDS)
def test_any_text_in_a_value_is_laid_out(words):
    from xml.sax.saxutils import escape

    with clock.frozen(FIXED):
        xml = GOOD.replace("因“胸闷1周”入院。".encode(), escape(words).encode(), 1)
        try:
            document = cda.parse(xml)
        except Malformed:
            return  # noncharacters that XML does not allow
        assert all(one.ok for one in cda.check(document))
        cda.lay_out(document, source=xml)
