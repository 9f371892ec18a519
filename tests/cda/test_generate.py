"""Records become documents and come back the same, for every kind and any content it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrhip.formats import cda, ofd
from openrhip.formats.cda import catalogue
from openrhip.formats.cda.catalogue import Slot
from openrhip.formats.cda.generate import (
    Code,
    Contact,
    Header,
    Institution,
    Item,
    Person,
    Place,
    Quantity,
    Record,
    Signer,
    Subject,
    generate,
    normal,
    record_of,
)
from openrhip.formats.cda.kinds import Kind
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed

KINDS = [kind for kind in Kind if catalogue.of(kind).sections]
FIXED = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
AT = datetime(2026, 6, 19, 9, 30, tzinfo=timezone(timedelta(hours=8)))
HEADER = Header(
    "JL-TEST-1", AT, Subject("孙桂芳", "2", date(1966, 2, 18), "320100196602189945", "60"),
    Person("邵子昂", "JL0103"), Institution("123201069990001A3T", "金陵示范医院"),
    {"inpatient": "JL26061507"}, (Signer("医师", "邵子昂", "JL0103", AT),),
    start=datetime(2026, 6, 15, 2, 0, tzinfo=UTC),
)  # fmt: skip

TEXTS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=30
).map(str.strip).filter(bool)  # fmt: skip
PLAIN = st.text(alphabet="甲乙丙ABC123-()", min_size=1, max_size=12)
TIMES = st.datetimes(datetime(1950, 1, 1), datetime(2026, 10, 1)).map(  # noqa: DTZ001
    lambda one: one.replace(microsecond=0, tzinfo=UTC)
)
NUMBERS = st.decimals(Decimal(0), Decimal(9999), places=2)


def scalars(slot: Slot) -> st.SearchStrategy:
    """Content for the type of a slot."""
    kind = slot.kind.partition("+")[0]
    if kind == "CD":
        table = catalogue.value_sets().get(slot.set_id)
        if table is None:
            return st.builds(Code, PLAIN, PLAIN, st.just("1.2.3"))
        if table.codes:
            return st.sampled_from(sorted(table.codes)).map(Code)
        return st.builds(
            Code, st.sampled_from(("I10", "45.7601", "BNF030", "01")).filter(table.holds), PLAIN
        )
    if kind == "PN":
        with_org = PLAIN if slot.kind.endswith("+org") else st.just("")
        with_time = st.none() | TIMES if "+time" in slot.kind else st.none()
        return st.builds(Person, PLAIN, PLAIN, with_time, with_org)
    plain = {
        "ST": TEXTS, "II": PLAIN, "BL": st.booleans(), "INT": st.integers(0, 10**9),
        "TS": TIMES | st.dates(date(1950, 1, 1), date(2026, 10, 1)),
    }  # fmt: skip
    return plain[kind] if kind in plain else st.builds(Quantity, NUMBERS, st.just(slot.unit))


def contents(slot: Slot, most: int = 2) -> st.SearchStrategy:
    """A value, a group, or a repetition of them."""

    @st.composite
    def one(draw):
        chosen = [part for part in slot.parts if part.required or draw(st.booleans())]
        value = draw(scalars(slot)) if slot.kind else None
        if value is None and not chosen:
            chosen = list(slot.parts[:1])
        if slot.place != "participant" and not chosen:
            return value
        return (
            Item(value, {part.key: draw(contents(part, 1)) for part in chosen}) if chosen else value
        )

    single = one()
    return (
        single
        if not slot.repeats
        else st.one_of(single, st.lists(one(), min_size=2, max_size=most + 1).map(tuple))
    )


@st.composite
def records(draw, kind: Kind):
    entries = catalogue.of(kind).entries
    chosen = draw(st.lists(st.sampled_from(sorted(entries)), unique=True, max_size=6))
    return Record(HEADER, {key: draw(contents(entries[key][1])) for key in chosen})


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.code)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_record_comes_back_as_it_was(kind, data):
    record = data.draw(records(kind))
    xml = generate(kind, record)
    assert record_of(xml) == (kind, normal(kind, record))
    with clock.frozen(FIXED):
        assert not [one for one in cda.check(xml) if one.code in {"type-differs", "code-unknown",
            "code-contradicts", "code-system", "time-unreadable", "quantity-unreadable"}]  # fmt: skip


@pytest.mark.parametrize(
    "name", [name for name in cda.samples() if name[:5] in {"C0033", "C0011", "C0051"}]
)
def test_samples_come_back_as_they_were(name):
    xml = cda.samples()[name]
    kind, record = record_of(xml)
    assert generate(kind, record) == xml


def test_a_full_header_comes_back():
    header = Header(
        "JL-1", AT, Subject("张𠮷祥", "1", date(1985, 7, 5), "320100198507059930", "40", "20", "01", "21", "156",
                            "3", "19900000009", "江苏省南京市浦口区示范路33号", "示范厂"),
        Person("沈立新", "JL0101", AT + timedelta(minutes=5), "骨科"), Institution("123201069990001A3T", "金陵示范医院"),
        {"health-card": "JK1", "inpatient": "Z1", "case": "B1"},
        (Signer("科主任", "沈立新", "JL0101", AT, legal=True), Signer("患者", "张𠮷祥", "", AT, person_number="320100198507059930")),
        (Contact("甲", relation="1", phone="199"), Contact("乙", "ORG", "主持人", code="JL0102")), Contact("丙", relation="2"),
        Place("骨科", "04.03", "骨科二病区", "BQ0403", "0615", "12"), AT, AT + timedelta(days=3), Code("2", "门诊", "1.2"),
        AT, "示教室", 4, "更正的手术记录", "R", 2, "JL-0", "JL-0",
    )  # fmt: skip
    _, record = record_of(generate(Kind.OPERATION, Record(header)))
    assert record.header == header


def test_loose_values_are_put_into_their_groups():
    values = {"DE06.00.094.00": "胆囊切除术", "手术者": "吕志远", "DE06.00.221.00": AT}
    xml = generate(Kind.OPERATION, Record(HEADER, values))
    group = record_of(xml)[1].values["手术操作"]
    assert group.parts["手术者"] == Person("吕志远")
    assert group.parts["DE06.00.094.00"] == "胆囊切除术"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"DE99.99.999.00": "x"}, "DE99.99.999.00"), ({"DE05.01.024.00": Code("I10")}, "DE05.01.024.00"),
        ({"DE06.00.097.00": "很多"}, "DE06.00.097.00"), ({"DE02.10.062.00": "否"}, "DE02.10.062.00"),
        ({"DE06.00.255.00": "7"}, "DE06.00.255.00"), ({"DE06.00.097.00": (1, 2)}, "DE06.00.097.00"),
        ({"手术操作": "x"}, "手术操作"), ({"手术操作": Item(None, {"nope": 1})}, "手术操作"),
        ({"DE06.00.268.00": Item(None, {})}, "DE06.00.268.00"), ({"DE06.00.221.00": "20260619"}, "DE06.00.221.00"),
    ],
)  # fmt: skip
def test_content_without_a_place_is_refused(values, where):
    with pytest.raises(Malformed) as caught:
        generate(Kind.OPERATION, Record(HEADER, values))
    assert caught.value.where == where
    assert caught.value.what


def test_a_time_without_zone_is_refused():
    with pytest.raises(Malformed, match="zone"):
        generate(Kind.FIRST_COURSE, Record(replace(HEADER, created=datetime(2026, 8, 3, 9))))  # noqa: DTZ001


def test_what_xml_cannot_carry_is_refused():
    with pytest.raises(Malformed, match="characters"):
        generate(Kind.DAILY_COURSE, Record(HEADER, {"DE06.00.309.00": "a\x00b"}))
    with pytest.raises(Malformed, match="zone"):
        generate(Kind.DEATH, Record(HEADER, {"DE02.01.036.00": datetime(2026, 1, 1)}))  # noqa: DTZ001
    with pytest.raises(Malformed, match="no section"):
        generate(Kind.DEATH, Record(HEADER, {}, {"nowhere": ("x",)}))
    with pytest.raises(Malformed, match=r"called"):
        generate(
            Kind.DEATH,
            Record(
                Header(
                    "1", AT, Subject("甲", "1"), Person("乙"), Institution("1", "丙"), {"x": "1"}
                )
            ),
        )


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.code)
def test_every_kind_is_laid_out_with_all_it_was_given(kind):
    """One value of each text slot; all of them stand on the pages."""
    texts = {
        key: f"内容{number}号"
        for number, (key, (_, slot)) in enumerate(catalogue.of(kind).entries.items())
        if slot.kind == "ST" and not [part for part in slot.parts if part.required]
    }
    xml = generate(kind, Record(HEADER, texts))
    pages = "".join(ofd.text(cda.lay_out(cda.parse(xml), source=xml)))
    for text in texts.values():
        assert text in pages.replace("\n", "")
