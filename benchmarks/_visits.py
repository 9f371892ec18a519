"""Visits for `validate_load`: a table in the catalogue's form, and its rows with planted faults.

Deterministic: the same rows wherever it runs. One row in a hundred is damaged in one of 18 ways,
one of eight of these in two ways at once; what each has to be told is known from the planting.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from openrhip.collect.catalogue import load, read_table
from openrhip.collect.rules.tables import Catalogue, Table, ValueSet

ROWS_AT_ONCE = 250_000
ORGS = [f"4601{n:02d}A{n:05d}" for n in range(37)]
DEPARTMENTS = [f"D{n:03d}" for n in range(60)]
_NAMES = [
    a + b
    for a in "王李张刘陈杨黄赵吴周"
    for b in ("伟", "秀英", "娜", "磊", "静", "强", "敏", "洋")
]
_DIAGNOSES = [
    "急性上呼吸道感染",
    "原发性高血压",
    "2型糖尿病",
    "慢性胃炎",
    "支气管炎",
    "龋齿",
    "皮炎",
]
# the rules the peers check too; the catalogue's form implies more (form and length of every column)
RULES = (
    "visit_no.required", "visit_no.pattern", "key.unique", "id_number.identity", "identity_agrees",
    "name.required", "name.form", "name.length", "sex_code.values", "sex_name.name-agrees",
    "birth_date.form", "visit_at.form", "day", "born_first", "dept_code.values",
    "diag_code.pattern", "total_fee.form", "fees", "drug_fee.range", "phone.phone",
    "org_code.reference", "amend_flag.values",
)  # fmt: skip


def table() -> tuple[Table, Catalogue]:
    """The table of 18 columns and its catalogue."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    made = read_table(tomllib.loads(text), where="benchmark")
    made = replace(
        made, columns=tuple(c for c in made.columns if c.name not in ("secrecy", "updated_at"))
    )
    departments = ValueSet(
        "BENCH-DEPT", "科室", "departments", "1", "benchmark", tuple((d, d) for d in DEPARTMENTS)
    )
    values = load().values | {departments.key: departments}
    return made, Catalogue({made.code: made}, values, "")


# damage: columns it touches, rules it breaks; `_damage` does it
KINDS: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...] = (
    ("no number", frozenset({"visit_no"}), ("visit_no.required",)),
    ("number of another form", frozenset({"visit_no"}), ("visit_no.pattern",)),
    ("number twice", frozenset({"visit_no"}), ("key.unique",)),
    ("check character", frozenset({"id_number"}), ("id_number.identity",)),
    ("no birth date in it", frozenset({"id_number"}), ("id_number.identity", "identity_agrees")),
    ("blank behind the name", frozenset({"name"}), ("name.form",)),
    ("sex code unknown", frozenset({"sex_code", "sex_name", "id_number"}), ("sex_code.values",)),
    ("sex in other words", frozenset({"sex_name", "sex_code"}), ("sex_name.name-agrees",)),
    ("born on another day", frozenset({"birth_date", "id_number"}), ("identity_agrees",)),
    ("24 o'clock", frozenset({"visit_at"}), ("visit_at.form",)),
    ("another month", frozenset({"visit_at"}), ("day",)),
    ("department unknown", frozenset({"dept_code"}), ("dept_code.values",)),
    ("diagnosis code", frozenset({"diag_code"}), ("diag_code.pattern",)),
    ("exponent", frozenset({"total_fee"}), ("total_fee.form",)),
    ("wrong sum", frozenset({"total_fee"}), ("fees",)),
    ("phone", frozenset({"phone"}), ("phone.phone",)),
    ("institution unknown", frozenset({"org_code"}), ("org_code.reference",)),
    ("amend flag", frozenset({"amend_flag"}), ("amend_flag.values",)),
)  # fmt: skip


def generate(folder: Path, rows: int) -> Path:
    """Writes `visits-<rows>.csv` and `faults-<rows>.parquet` unless they are there."""
    path, truth = folder / f"visits-{rows}.csv", folder / f"faults-{rows}.parquet"
    if path.exists() and truth.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    lines: list[int] = []
    rules: list[str] = []
    names = [column.name for column in table()[0].columns]
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    with part.open("wb") as out:
        out.write((",".join(names) + "\n").encode())
        for start in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - start)
            made, found = _rows(start, count)
            for line, broken in sorted(found.items()):
                lines.append(line)
                rules.append(",".join(sorted(broken)))
            pyarrow.csv.write_csv(made.select(names), out, options)
    pq.write_table(pa.table({"line": lines, "rules": rules}), truth)
    part.rename(path)
    return path


def truth_of(path: Path) -> dict[int, frozenset[str]]:
    """Line → the rules it breaks."""
    found = pq.read_table(
        path.with_name(path.name.replace("visits", "faults").replace("csv", "parquet"))
    )
    pairs = zip(found["line"].to_pylist(), found["rules"].to_pylist(), strict=True)
    return {line: frozenset(rules.split(",")) for line, rules in pairs}


def _rows(start: int, count: int) -> tuple[pa.Table, dict[int, set[str]]]:
    random = np.random.default_rng(start + 1)

    def pick(items: list[str]) -> np.ndarray:
        return np.array(items, object)[random.integers(0, len(items), count)]

    born = np.datetime64("1925-01-01") + random.integers(0, 34_000, count)
    sex = random.integers(1, 3, count)
    ids = _identities(born, sex, random)
    seconds = random.integers(0, 86_400, count)
    visits = np.datetime64("2020-06-01") + random.integers(0, 30, count) + seconds.astype("m8[s]")
    fees = random.integers(0, 90_000, (count, 3))
    fees[random.random((count, 3)) < 0.3] = 0
    columns = {
        "visit_no": _texts(np.arange(start, start + count), "V{:012d}"),
        "id_number": ids,
        "name": pick(_NAMES),
        "sex_code": np.array(["", "1", "2"], object)[sex],
        "sex_name": np.array(["", "男", "女"], object)[sex],
        "birth_date": born.astype(str).astype(object),
        "visit_at": np.char.replace(visits.astype("M8[s]").astype(str), "T", " ").astype(object),
        "dept_code": pick(DEPARTMENTS),
        "diag_code": _texts(random.integers(0, 26_000, count), "", icd=True),
        "diag_name": pick(_DIAGNOSES),
        "total_fee": _texts(fees.sum(axis=1), "", money=True),
        "drug_fee": _texts(fees[:, 0], "", money=True),
        "exam_fee": _texts(fees[:, 1], "", money=True),
        "other_fee": _texts(fees[:, 2], "", money=True),
        "phone": _texts(random.integers(3 * 10**9, 9 * 10**9, count), "1{}"),
        "org_code": pick(ORGS),
        "amend_flag": pick(["1"] * 97 + ["2", "2", "3"]),
        "collected_at": np.full(count, "20200701T020000", object),
    }
    found = _damage(columns, start, random)
    return pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}), found


def _identities(born: np.ndarray, sex: np.ndarray, random: np.random.Generator) -> np.ndarray:
    count = len(born)
    order = random.integers(0, 500, count) * 2 + (sex == 1)
    days = np.char.replace(born.astype(str), "-", "").astype(np.int64)
    region = random.integers(460_101, 469_030, count)
    first = region * 10**11 + days * 1000 + order
    digits = first[:, None] // 10 ** np.arange(16, -1, -1) % 10
    weights = np.array([2 ** (17 - at) % 11 for at in range(17)])
    check = (12 - digits @ weights % 11) % 11
    signs = np.array(list("0123456789X"), object)[check]
    return first.astype(str).astype(object) + signs


def _texts(values: np.ndarray, form: str, *, icd: bool = False, money: bool = False) -> np.ndarray:
    if money:
        return np.array([f"{v // 100}.{v % 100:02d}" for v in values.tolist()], object)
    if icd:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        return np.array(
            [f"{letters[v // 1000]}{v // 10 % 100:02d}.{v % 10}" for v in values.tolist()], object
        )
    return np.array([form.format(v) for v in values.tolist()], object)


def _damage(
    columns: dict[str, np.ndarray], start: int, random: np.random.Generator
) -> dict[int, set[str]]:
    count = len(columns["visit_no"])
    chosen = random.choice(count, count // 100, replace=False)
    found: dict[int, set[str]] = {}
    twice: list[int] = []
    for at, row in enumerate(chosen.tolist()):
        kinds = [at % len(KINDS)]
        if at % 8 == 0:
            other = int(random.integers(0, len(KINDS)))
            if not KINDS[other][1] & KINDS[kinds[0]][1] and other != 2:
                kinds.append(other)
        for kind in kinds:
            _hurt(columns, kind, row, twice)
            found.setdefault(start + row + 1, set()).update(KINDS[kind][2])
    if len(twice) % 2:
        columns["visit_no"][twice[-1]] = ""
        found[start + twice[-1] + 1] -= {"key.unique"}
        found[start + twice[-1] + 1] |= {"visit_no.required"}
    return found


def _hurt(columns: dict[str, np.ndarray], kind: int, row: int, twice: list[int]) -> None:
    """Damages one row in one way."""
    name = KINDS[kind][0]
    simple = {
        "no number": ("visit_no", ""),
        "number of another form": ("visit_no", f"X{columns['visit_no'][row][1:]}"),
        "sex code unknown": ("sex_code", "3"),
        "24 o'clock": ("visit_at", "2020-06-30 24:00:00"),
        "another month": ("visit_at", "2020-07-01 00:00:00"),
        "department unknown": ("dept_code", "D999"),
        "diagnosis code": ("diag_code", "j18"),
        "exponent": ("total_fee", "1e3"),
        "wrong sum": ("total_fee", "999999.99"),
        "phone": ("phone", "12345"),
        "institution unknown": ("org_code", "460199Z99999"),
        "amend flag": ("amend_flag", "9"),
    }
    if name in simple:
        column, value = simple[name]
        columns[column][row] = value
    elif name == "number twice":
        twice.append(row)
        if len(twice) % 2 == 0:
            columns["visit_no"][row] = columns["visit_no"][twice[-2]]
    elif name == "check character":
        old = columns["id_number"][row]
        columns["id_number"][row] = old[:17] + ("0" if old[17] != "0" else "1")
    elif name == "no birth date in it":
        old = columns["id_number"][row]
        columns["id_number"][row] = old[:10] + "0230" + old[14:]
    elif name == "blank behind the name":
        columns["name"][row] += " "
    elif name == "sex in other words":
        columns["sex_name"][row] = "女" if columns["sex_code"][row] == "1" else "男"
    elif name == "born on another day":
        columns["birth_date"][row] = "1920-01-01"


__all__ = ["KINDS", "ORGS", "RULES", "generate", "table", "truth_of"]
