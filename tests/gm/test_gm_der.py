"""The DER reader and writer: round trips, agreement with asn1crypto, refusals."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import core
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.gm import der
from openrhip.kernel.errors import Malformed

INSTANTS = st.integers(-631_152_000_000_000, 32_472_144_000_000_000).map(
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)  # 1950 to 2999
OIDS = st.lists(st.integers(0, 1 << 70), min_size=1, max_size=5).flatmap(
    lambda arcs: st.sampled_from(["1.2", "0.9", "2.25", "2.999"]).map(
        lambda head: ".".join((head, *map(str, arcs)))
    )
)


@given(st.integers(-(1 << 300), 1 << 300))
def test_integers(value):
    data = der.integer(value)
    assert data == core.Integer(value).dump()
    assert der.read(data, "t", tag=der.INTEGER).integer("t") == value


@given(OIDS)
def test_object_identifiers(text):
    data = der.oid(text)
    assert der.read(data, "t", tag=der.OID).oid("t") == text
    if not text.startswith("2."):
        assert data == core.ObjectIdentifier(text).dump()


@given(INSTANTS)
def test_times(at):
    data = der.generalized_time(at)
    assert der.read(data, "t", tag=der.GENERALIZED_TIME).time("t") == at
    whole = at.replace(microsecond=0)
    data = der.validity_time(at)
    assert der.read(data, "t", tag=data[0]).time("t") == whole
    assert (data[0] == der.UTC_TIME) == (at.year < 2050)


@given(st.frozensets(st.integers(0, 60)))
def test_named_bits(numbers):
    assert der.read(der.flags(numbers), "t", tag=der.BIT_STRING).flags("t") == numbers


@given(st.binary(max_size=70_000))
@settings(max_examples=30)
def test_lengths(content):
    data = der.octets(content)
    assert data == core.OctetString(content).dump()
    assert der.read(data, "t", tag=der.OCTET_STRING).octets("t") == content


@given(st.text(max_size=50))
def test_strings(text):
    assert der.read(der.utf8(text), "t", tag=der.UTF8).text("t") == text
    if not text.isascii():
        with pytest.raises(Malformed):
            der.text(der.PRINTABLE, text)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "cut off"),
        ("30", "cut off"),
        ("3080", "does not allow"),
        ("308100", "not minimal"),
        ("30820001aa", "not minimal"),
        ("3005020101", "cut off"),
        ("3085ffffffffff", "does not allow"),
        ("3084ffffffff", "cut off"),
        ("3f010100", "several bytes"),
        ("30000500", "bytes follow"),
        ("0500", "expected"),
    ],
)
def test_broken_headers(data, why):
    with pytest.raises(Malformed, match=why):
        der.read(bytes.fromhex(data), "t")


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("integer", "0200"),
        ("integer", "02020001"),
        ("integer", "0202ffff"),
        ("boolean", "010101"),
        ("boolean", "01020000"),
        ("oid", "0600"),
        ("oid", "06028001"),
        ("oid", "060181"),
        ("bits", "0300"),
        ("bits", "030201ff"),
        ("flags", "0300"),
        ("flags", "030208ff"),
        ("flags", "030107"),
        ("text", "0c01ff"),
        ("text", "1301ff"),
        ("text", "1e0161"),
        ("text", "020101"),
        ("time", "170a32363131323430343030"),
        ("time", "170d3236313332343034303030305a"),
        ("time", "180f32303236303233303034303030305a"),
        ("time", "1811323032363131323430343030302e2e315a"),
        ("time", "0c00"),
    ],
)
def test_broken_values(verb, data):
    raw = bytes.fromhex(data)
    node = der.read(raw, "t", tag=raw[0])
    with pytest.raises(Malformed):
        getattr(node, verb)("t")


def test_fields_say_what_is_missing():
    node = der.read(der.sequence(der.integer(1)), "t")
    fields = der.Fields(node, "t")
    with pytest.raises(Malformed, match="version: tag 0x04 expected"):
        fields.take("version", der.OCTET_STRING)
    assert fields.maybe(der.OID) is None
    with pytest.raises(Malformed, match="unexpected members"):
        fields.end()
    assert fields.take("version").integer("t") == 1
    fields.end()
    with pytest.raises(Malformed, match="serial is missing"):
        fields.take("serial")


@pytest.mark.parametrize("text", ["", "1", "x.y", "1.40", "3.1", "1.-2"])
def test_object_identifiers_that_do_not_exist(text):
    with pytest.raises(Malformed):
        der.oid(text)


def test_set_is_sorted():
    assert der.set_of(der.integer(2), der.integer(1)) == der.wrap(
        der.SET, der.integer(1), der.integer(2)
    )


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_random_bytes_end_typed(data):
    with suppress(Malformed):
        node = der.read(data, "t", tag=data[0] if data else 0x30)
        for child in node.children():
            assert child.raw in data
            child.children()
