"""Small files that cost gigabytes or hours, and files that tell of persons where they must not."""

import time
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_checking import GOOD, HEADER, TABLE, job_of

from openrhip.collect.catalogue import load, read_table
from openrhip.collect.engine import csv_door, parquet_door, reading
from openrhip.collect.engine.duckdb_engine import DuckDbEngine
from openrhip.collect.rules.tables import Catalogue
from openrhip.collect.service import incoming
from openrhip.kernel.errors import Malformed, TooLarge, Unavailable

ENGINE = DuckDbEngine()


@pytest.fixture(scope="module")
def visits():
    return Catalogue({"VISITS": read_table(TABLE, where="VISITS.toml")}, load().values, "")


def _parquet(rows, **columns):
    given = {name: pa.array([None] * rows, pa.string()) for name in HEADER.split(",")} | columns
    out = pa.BufferOutputStream()
    pq.write_table(pa.table(given), out, compression="zstd")
    return out.getvalue().to_pybytes()


def test_a_dictionary_that_unpacks_to_gigabytes_is_refused(visits, tmp_path):
    rows = 60_000
    one = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["A" * 30_000]))
    data = _parquet(rows, name=one)
    assert len(data) < 100_000
    before = pa.total_allocated_bytes()
    with pytest.raises(TooLarge, match="unpack"):
        ENGINE.check(job_of(visits, tmp_path, data, format="parquet"))
    assert pa.total_allocated_bytes() - before < 200 << 20


def test_folded_values_are_written_out_in_pieces(visits, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_door, "PIECE", 1_000)
    numbers = pa.array([f"V{at}" for at in range(500)])
    names = pa.array(["张三", "李四", None, ""] * 125).dictionary_encode()
    job = job_of(visits, tmp_path, _parquet(500, visit_no=numbers, name=names), format="parquet")
    found = list(reading.chunks_of(job))
    assert len(found) > 3
    assert [v for c in found for v in c.raw["visit_no"].to_pylist()] == numbers.to_pylist()
    assert [v for c in found for v in c.raw["name"].to_pylist()] == [
        "张三",
        "李四",
        None,
        None,
    ] * 125


def test_text_that_is_no_utf8_in_parquet_is_refused_not_tried_for_ever(visits, tmp_path):
    wrong = pa.array([b"\xff\xfe", b"a"]).view(pa.string())
    for name in ("name", "visit_no"):
        data = _parquet(2, **{name: wrong})
        with pytest.raises(Malformed):
            ENGINE.check(job_of(visits, tmp_path, data, format="parquet"))


def test_the_name_of_a_type_is_told_short(visits, tmp_path):
    wide = pa.array([{f"f{at}" * 20: 1 for at in range(500)}])
    with pytest.raises(Malformed) as caught:
        ENGINE.check(job_of(visits, tmp_path, _parquet(1, name=wide), format="parquet"))
    assert len(str(caught.value)) < 500


def test_broken_lines_between_ragged_rows_take_no_square_of_time():
    started = time.monotonic()
    broken = tuple(range(0, 400_000, 2))
    found = csv_door._merged([(at, 1) for at in range(200_000)], broken)
    assert [shape.row for shape in found] == list(range(400_000))
    assert time.monotonic() - started < 5


def test_rows_without_shape_are_bounded(visits, tmp_path, monkeypatch):
    for module in (csv_door, reading):
        monkeypatch.setattr(module, "MOST_SHAPES", 100)
    for line in ("a\n", 'a"b\n', 'a"b\nx\n'):
        job = job_of(visits, tmp_path, HEADER + "\n" + line * 200)
        with pytest.raises(TooLarge, match="number of fields"):
            list(reading.chunks_of(job))
    half = HEADER + "\n" + "a\n" * 60
    with pytest.raises(TooLarge, match="number of fields"):
        list(reading.chunks_of(job_of(visits, tmp_path, half, half)))


@pytest.mark.parametrize(
    "first", ["11010519491231002X", "张三丰", "13912345678", "E12345678", "a@b"]
)
def test_a_file_without_header_does_not_tell_its_first_row(visits, tmp_path, first):
    content = f"{first},x\n" + GOOD.format(1)
    with pytest.raises(Malformed) as caught:
        list(reading.chunks_of(job_of(visits, tmp_path, content)))
    assert first not in str(caught.value)


def test_parts_leave_the_centre_its_room(tmp_path, monkeypatch):
    sent = SimpleNamespace(manifest=SimpleNamespace(files=[None]))
    monkeypatch.setattr(incoming, "_find", lambda *given: (tmp_path, sent))
    monkeypatch.setattr(incoming, "_root", lambda: tmp_path)
    little = SimpleNamespace(free=incoming.ROOM_LEFT)
    monkeypatch.setattr(incoming.shutil, "disk_usage", lambda path: little)
    with pytest.raises(Unavailable):
        incoming.put_part(
            institution="U",
            upload_id="0" * 64,
            place=0,
            number=1,
            offset=0,
            digest="",
            content=b"x",
        )
