"""Manifests: what is signed is what is read; everything else has a diagnosis."""

import copy
import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.agent import manifest as manifests
from openrhip.agent.describing import Reading, describe
from openrhip.agent.manifest import BatchFile
from openrhip.collect.engine.csv_door import CsvFile
from openrhip.collect.rules.jobs import InputFile, Limits
from openrhip.collect.rules.tables import Column, Owner, Period, Table
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.sm3 import hexdigest
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotVerified, TooLarge

FILE = BatchFile("a.csv", "csv", 3, 10, "0" * 64, "utf-8", ",")
DAY = date(2020, 11, 5)
TABLE = Table(
    "T",
    *("表", "table", "", "", "test", "test"),
    owed_by=frozenset(Owner),
    period=Period.DAY,
    key=("no",),
    columns=(Column("no", "号", "number"), Column("n", "数", "count")),
)


def build(**about):
    return manifests.build(
        **{"unit": "U1", "table": "OP_VISIT", "day": DAY, "files": [FILE]} | about
    )


names = st.text(st.sampled_from("abcXYZ019_-.()测试数据"), min_size=1, max_size=20).filter(
    lambda text: text[0] not in ". -~" and text[-1] != "."
)
csv_files = st.builds(
    BatchFile,
    names,
    st.just("csv"),
    st.integers(0, 10_000),
    st.integers(0, manifests.MAX_FILE // 1000),
    st.binary().map(hexdigest),
    st.sampled_from(manifests.ENCODINGS),
    st.sampled_from(manifests.DELIMITERS),
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(csv_files, min_size=1, max_size=5, unique_by=lambda file: file.name.casefold()),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
)
def test_what_was_signed_is_what_is_read(keys, files, day):
    signer = keys.signer("U1")
    made = build(files=files, day=day)
    envelope = manifests.sign(made, signer)
    read = manifests.parse(envelope.encode())
    assert read == envelope
    assert manifests.read(made.canonical()) == made
    assert read.manifest.rows == sum(file.rows for file in files)
    manifests.verify(read, certificate=Certificate.from_der(read.certificates[0]))


def test_a_manifest_signs_in_its_own_name_only(keys):
    envelope = manifests.sign(build(), keys.signer("U1"))
    with pytest.raises(NotVerified):
        manifests.verify(envelope, certificate=keys.signer("U2").certificate)
    for change in ({"unit": "U2"}, {"table": "IP_VISIT"}, {"day": DAY + timedelta(1)}):
        other = manifests.Envelope(
            build(sent_at=envelope.manifest.sent_at, **change),
            envelope.signature,
            envelope.certificates,
        )
        with pytest.raises(NotVerified):
            manifests.verify(other, certificate=keys.signer("U1").certificate)
    early = clock.now() - timedelta(minutes=6)
    with pytest.raises(NotVerified, match="future"):
        manifests.verify(envelope, certificate=keys.signer("U1").certificate, now=early)


def test_content_says_what_is_sent_and_how_it_is_read():
    first = build(sent_at=datetime(2020, 11, 6, tzinfo=UTC))
    assert first.content == build(sent_at=datetime(2020, 11, 7, tzinfo=UTC)).content
    assert first.digest != build(sent_at=datetime(2020, 11, 7, tzinfo=UTC)).digest
    others = [
        build(unit="U2"),
        build(table="OTHER"),
        build(day=DAY + timedelta(1)),
        build(files=[BatchFile("a.csv", "csv", 3, 10, "1" * 64, "utf-8", ",")]),
        build(files=[BatchFile("a.csv", "csv", 3, 10, "0" * 64, "gb18030", ",")]),
        build(files=[BatchFile("a.csv", "csv", 3, 10, "0" * 64, "utf-8", ";")]),
        build(files=[FILE, BatchFile("b.csv", "csv", 3, 10, "1" * 64, "utf-8", ",")]),
    ]
    assert len({first.content, *(one.content for one in others)}) == 8


CHANGES = [
    ("", lambda e: e.pop("signature")),
    ("", lambda e: e.update(more=1)),
    ("manifest", lambda e: e["manifest"].pop("day")),
    ("manifest", lambda e: e["manifest"].update(note="x")),
    ("manifest/format", lambda e: e["manifest"].update(format="openrhip-batch-2")),
    ("manifest/unit", lambda e: e["manifest"].update(unit="../etc")),
    ("manifest/unit", lambda e: e["manifest"].update(unit=7)),
    ("manifest/table", lambda e: e["manifest"].update(table="op_visit; DROP TABLE")),
    ("manifest/day", lambda e: e["manifest"].update(day="2020-11-31")),
    ("manifest/day", lambda e: e["manifest"].update(day="20201105")),
    ("manifest/sent_at", lambda e: e["manifest"].update(sent_at="2020-11-05T24:61:00Z")),
    ("manifest/sent_at", lambda e: e["manifest"].update(sent_at="2020-11-05 08:00:00")),
    ("manifest/rows", lambda e: e["manifest"].update(rows=4)),
    ("manifest/rows", lambda e: e["manifest"].update(rows=True)),
    ("manifest/files", lambda e: e["manifest"].update(files=[])),
    ("manifest/files", lambda e: e["manifest"].update(files={})),
    ("manifest/files/0", lambda e: e["manifest"]["files"].__setitem__(0, "a.csv")),
    ("manifest/files/0/name", lambda e: e["manifest"]["files"][0].update(name="../a.csv")),
    ("manifest/files/0/name", lambda e: e["manifest"]["files"][0].update(name="a\u202eb.csv")),
    ("manifest/files/0/name", lambda e: e["manifest"]["files"][0].update(name=None)),
    ("manifest/files/0/format", lambda e: e["manifest"]["files"][0].update(format="xlsx")),
    ("manifest/files/0/encoding", lambda e: e["manifest"]["files"][0].update(encoding="gbk")),
    ("manifest/files/0/delimiter", lambda e: e["manifest"]["files"][0].update(delimiter="::")),
    ("manifest/files/0/bytes", lambda e: e["manifest"]["files"][0].update(bytes=-1)),
    ("manifest/files/0/bytes", lambda e: e["manifest"]["files"][0].update(bytes=1.5)),
    ("manifest/files/0/bytes", lambda e: e["manifest"]["files"][0].update(bytes=1 << 60)),
    ("manifest/files/0/sm3", lambda e: e["manifest"]["files"][0].update(sm3="0" * 63 + "G")),
    ("signature", lambda e: e.update(signature="@@" * 60)),
    ("certificates", lambda e: e.update(certificates=[])),
    ("certificates", lambda e: e.update(certificates=["A" * 100] * 5)),
]


@pytest.mark.parametrize(("where", "change"), CHANGES)
def test_what_is_wrong_is_said_with_its_place(keys, where, change):
    value = json.loads(manifests.sign(build(), keys.signer("U1")).encode())
    spoilt = copy.deepcopy(value)
    change(spoilt)
    with pytest.raises((Malformed, TooLarge)) as caught:
        manifests.parse(json.dumps(spoilt).encode())
    assert caught.value.where == (where or "envelope")
    assert caught.value.what


@pytest.fixture(scope="module")
def signed(keys):
    return manifests.sign(build(), keys.signer("U1")).encode()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_bytes_raise_anything_but_a_problem(signed, data):
    good = signed
    at = data.draw(st.integers(0, len(good)))
    junk = data.draw(st.binary(max_size=8))
    cut = data.draw(st.integers(0, 12))
    spoilt = good[:at] + junk + good[at + cut :]
    try:
        read = manifests.parse(spoilt)
    except (Malformed, TooLarge):
        return
    assert manifests.parse(read.encode()) == read


def test_bounds():
    many = [
        BatchFile(f"{at}.csv", "csv", 1, 1, "0" * 64, "utf-8", ",")
        for at in range(manifests.MAX_FILES + 1)
    ]
    with pytest.raises(Malformed, match="1 to 1000 files"):
        build(files=many)
    with pytest.raises(TooLarge):
        build(files=[BatchFile("a.csv", "csv", manifests.MAX_ROWS + 1, 1, "0" * 64, "utf-8", ",")])
    with pytest.raises(TooLarge):
        manifests.parse(b" " * (manifests.MAX_ENVELOPE + 1))
    twice = [FILE, BatchFile("A.CSV", "csv", 1, 1, "1" * 64, "utf-8", ",")]
    with pytest.raises(Malformed, match="same name"):
        build(files=twice)
    mixed = [FILE, BatchFile("a.xml", "cda", 1, 1, "1" * 64)]
    with pytest.raises(Malformed, match="not mixed"):
        build(files=mixed)


# Files described --------------------------------------------------------------------------------

texts = st.text(st.sampled_from('abc,;"\n 中文\r'), max_size=8).filter(lambda t: t.strip() or not t)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(texts, texts), max_size=8),
    st.sampled_from(manifests.ENCODINGS),
    st.sampled_from(["\n", "\r\n"]),
)
def test_rows_are_counted_as_a_reader_counts_them(tmp_path_factory, rows, encoding, ends):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=ends, quoting=csv.QUOTE_ALL)
    writer.writerows([("one", "two"), *rows])
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    found = describe(path)
    assert found.rows == len(rows)
    assert found.size == path.stat().st_size
    assert found.sm3 == hexdigest(path.read_bytes())
    text = path.read_bytes().decode(found.encoding)
    assert text == out.getvalue()


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('aa中,"\n\n\r'), max_size=40), st.sampled_from(manifests.ENCODINGS))
def test_broken_lines_are_counted_as_the_check_counts_them(tmp_path_factory, text, encoding):
    """Else a batch with one stray quote would be refused for its number of rows."""
    path = tmp_path_factory.getbasetemp() / "odd.csv"
    path.write_bytes(f"no,n\n{text}".encode(encoding))
    file = InputFile(path, path.name, encoding=encoding)
    door = CsvFile(file, TABLE, Limits())
    checked = sum(door.parse(block).count for block in door.blocks())
    assert describe(path, encoding=encoding, delimiter=",").rows == checked


@pytest.mark.parametrize(
    ("content", "rows"),
    [(b"", 0), (b"a,b", 0), (b"a,b\n", 0), (b"a\n1", 1), (b"a\n\n1\r\n\r\n2\n\n", 2)],
)
def test_blank_lines_are_no_rows(tmp_path, content, rows):
    (tmp_path / "a.csv").write_bytes(content)
    assert describe(tmp_path / "a.csv").rows == rows


@pytest.mark.parametrize("sign", manifests.DELIMITERS)
def test_the_delimiter_is_the_one_the_header_has(tmp_path, sign):
    (tmp_path / "a.csv").write_bytes(sign.join(["a", "b", "c"]).encode() + b"\n1,2;3|4\n")
    assert describe(tmp_path / "a.csv").delimiter == sign


def test_what_is_no_file_to_be_sent(tmp_path):
    for name, content in (("a.xlsx", b"PK"), ("a.csv", b"a\n\xff\xff\n"), ("a.parquet", b"PAR1")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Malformed) as caught:
            describe(tmp_path / name)
        assert caught.value.where == name


def test_reading_by_place(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode() * 10)
    with Reading([tmp_path / "a", tmp_path / "b"]) as reading:
        assert reading.read(1, 8, 5) == b"bb"
        assert reading.read(0, 0, 3) == b"aaa"
