"""Made-up rows of a table that pass all its rules (示例数据), by the million.

Everything of a unit and day is counted by episodes: the episode e of OP_VISIT, of its charges and
of the person's record is the same person and has the same numbers, so that references hold when
tables are sampled with the same seed, pool, unit and day (and the referred table has rows enough).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from openrhip.collect.rules.tables import Catalogue, Column, Period, Table, Type
from openrhip.collect.sampling import choosing, totals
from openrhip.collect.sampling.adding import Addition, additions, limits, spare_part
from openrhip.collect.sampling.ordering import Edge, settle
from openrhip.collect.sampling.people import People, numbers, people
from openrhip.collect.sampling.plan import MICRO, MOMENTS, NUMBERS, Person, Plan, plan_of
from openrhip.collect.sampling.writing import written

_DAY = 86_400
_LINES = 3  # rows of one episode where the key counts them
_MISSING = 0.12  # of the values that may be missing


def sample(
    table: Table,
    catalogue: Catalogue,
    rows: int,
    day: date,
    unit: str = "U001",
    seed: int = 1,
    pool: People | None = None,
    org_code: str = "",
) -> pa.Table:
    """So many rows of a table as texts, in the order of its columns; the same for the same
    arguments. A table whose key allows fewer rows (one a department …) has as many as it allows.
    """
    if rows < 0:
        raise ValueError("a number of rows is not negative")
    maker = Rows(table, catalogue, rows, day, unit, seed, pool or people(), org_code)
    return maker.made()


@dataclass
class Rows:
    """The making of one table's rows. Typed values first, then what is missing, then texts."""

    table: Table
    catalogue: Catalogue
    asked: int
    day: date
    unit: str
    seed: int
    pool: People
    org_code: str = ""

    def made(self) -> pa.Table:
        self._number_rows()
        self.missing: dict[str, np.ndarray] = {}
        self.typed: dict[str, np.ndarray] = {}
        self.codes: dict[str, Sequence[str]] = {}
        self._choose_codes()
        self._choose_people()
        self._choose_moments()
        self._choose_numbers()
        self._leave_out()
        self._add_up()
        columns = [written(self, column) for column in self.table.columns]
        return pa.table(columns, names=[column.name for column in self.table.columns])

    @cached_property
    def plan(self) -> Plan:
        return plan_of(self.table, self.catalogue)

    @cached_property
    def columns_by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.table.columns}

    def random(self, name: str) -> np.random.Generator:
        """Its own numbers for every column: a new column changes none of the others."""
        text = f"{self.table.code}|{self.unit}|{self.day}|{name}"
        return np.random.default_rng([self.seed, zlib.crc32(text.encode())])

    def _number_rows(self) -> None:
        """Episodes, and the place within one where the key counts lines."""
        lines = [self.columns_by_name[name] for name in self.plan.lines]
        capacity = [self._capacity(column) for column in lines]
        free = len(lines) < len(self.table.key)
        self.rows = self.asked if free else min(self.asked, int(np.prod(capacity)))
        at = np.arange(self.rows, dtype=np.int64)
        self.line: dict[str, np.ndarray] = {}
        self.line_widths: dict[str, int] = {}
        for column, most in zip(reversed(lines), reversed(capacity), strict=True):
            width = min(most, _LINES) if free else most
            width = 1 if free and self.line else width
            self.line[column.name] = at % width
            self.line_widths = {column.name: width, **self.line_widths}
            at = at // width
        self.episode = at

    def _capacity(self, column: Column) -> int:
        if column.values:
            return len(self._usable(column))
        if column.type in NUMBERS:
            least, most = choosing.bounds(column, ())
            return int((most - least) // 10 ** (MICRO - column.scale)) + 1
        if column.type is Type.FLAG:
            return 2
        return 1 if column.type is Type.DATE or column.name == self.table.day_column else _DAY

    # who

    def person(self, which: int) -> np.ndarray:
        """The place in the pool of each row's person; others of an episode are other people."""
        wanted = self._sex_of(which)
        size = len(self.pool) if wanted is None else len(wanted)
        text = f"{self.unit}|{self.day}|{which}"
        start = zlib.crc32(text.encode()) % size
        at = (start + self.seed + self.episode * choosing.stride(size)) % size
        return at if wanted is None else wanted[at]

    def _sex_of(self, which: int) -> np.ndarray | None:
        sex = self.plan.people[which].sex if which < len(self.plan.people) else ""
        for one in self.plan.literals:
            if sex and one.column == sex and one.op == "=" and one.value in "12":
                return np.flatnonzero(self.pool.male == (one.value == "1"))
        return None

    def _choose_people(self) -> None:
        self.people = [self.person(at) for at in range(max(1, len(self.plan.people)))]
        self.identity: dict[str, pa.StringArray] = {}
        for person, at in zip(self.plan.people, self.people, strict=False):
            self._choose_person(person, at)

    def _choose_person(self, person: Person, at: np.ndarray) -> None:
        place = pa.array(at)
        if person.birth and person.birth == self.table.day_column:  # born today
            self.typed[person.birth] = self._today()
            order = (self.episode * 7 + zlib.crc32(self.unit.encode())) % 1_000
            male = order % 2 == 1
            birth = (self.typed[person.birth] // _DAY).astype(np.int32)
            self.identity[person.identity] = numbers(birth, order)
        else:
            male, birth = self.pool.male[at], self.pool.birth[at]
            self.identity[person.identity] = self.pool.identity.take(place)
            if person.birth:
                seconds = birth.astype(np.int64) * _DAY
                column = self.columns_by_name[person.birth]
                hours = self.random(person.birth).integers(0, _DAY, self.rows)
                self.typed[person.birth] = seconds if column.type is Type.DATE else seconds + hours
        if person.sex:
            self.codes[person.sex] = ("1", "2")
            self.typed[person.sex] = np.where(male, 0, 1)

    # when

    def _today(self) -> np.ndarray:
        start = (np.datetime64(self.day) - np.datetime64("1970-01-01")).astype(int) * _DAY
        column = self.columns_by_name.get(self.table.day_column)
        if column is None or column.type is Type.DATE:
            return np.full(self.rows, start, dtype=np.int64)
        hours = self.random("day").integers(7 * 3_600, 20 * 3_600, self.rows)
        return hours + np.int64(start)

    def _choose_moments(self) -> None:
        today = self._today()
        fixed = set(self.typed) & {
            name for name, c in self.columns_by_name.items() if c.type in MOMENTS
        }
        if self.table.day_column:
            self.typed.setdefault(self.table.day_column, today)
            fixed.add(self.table.day_column)
        before = {edge.less for edge in self.plan.moments}
        after = {edge.more for edge in self.plan.moments} - before
        for column in self.table.columns:
            if column.type in MOMENTS and column.name not in self.typed:
                made = self._moment(column, today, column.name in before, column.name in after)
                self.typed[column.name] = made
        bounds = {name: _moment_bounds(self.columns_by_name[name]) for name in self.typed}
        bounds = {name: both for name, both in bounds.items() if both}
        settle(self.typed, self.plan.moments, frozenset(fixed), bounds)  # type: ignore[arg-type]
        for column in self.table.columns:
            if column.type is Type.TIME:
                self.typed[column.name] = self.random(column.name).integers(0, _DAY, self.rows)
        settle(self.typed, self.plan.times, frozenset(), {})

    def _moment(self, column: Column, today: np.ndarray, early: bool, late: bool) -> np.ndarray:
        random = self.random(column.name)
        line = self.line.get(column.name)
        if column.name in ("collected_at", "updated_at"):
            night = _DAY + (3_600 if column.name == "collected_at" else 7_200)
            return today // _DAY * _DAY + night + random.integers(0, 3_600, self.rows)
        if column.type is Type.DATE:
            apart = random.integers(0, 15 if early else 2, self.rows)
            apart = -random.integers(0, 30, self.rows) if late else apart
            made = (today // _DAY - apart) * _DAY
        else:
            apart = random.integers(0, 3_600, self.rows)
            made = today - 2 * apart if early else today + apart
        if line is not None:
            made = today // _DAY * _DAY + line * (_DAY if column.type is Type.DATE else 1)
        both = _moment_bounds(column)
        made = np.clip(made, *both) if both else made
        return made // _DAY * _DAY if column.type is Type.DATE else made

    # how much

    def _choose_numbers(self) -> None:
        """In millionths, so that columns of different scales compare."""
        shares, referred = limits(self.table, self.plan), dict(self.plan.referred)
        bounds = {}
        for column in self.table.columns:
            if column.type not in NUMBERS:
                continue
            least, most = choosing.bounds(column, self.plan.literals, shares.get(column.name))
            unit = 10 ** (MICRO - shares.get(column.name, (0, column.scale))[1])
            bounds[column.name] = choosing.bounds(column, self.plan.literals)
            spread = self.random(column.name).uniform(0.15, 0.6, self.rows)
            usual = choosing.usual(column, least, most)
            made = least + (spread * (usual - least)).astype(np.int64)
            made = least + (made - least) // unit * unit
            if column.name in ("age", "age_years") and self.plan.people:
                made = self._age(least, most)
            if column.name in referred and column.name not in self.line:
                made = np.full(self.rows, self._first_line(*referred[column.name]))
            if column.name in self.line:
                made = least + self.line[column.name] * unit
            elif column.name in self.table.key:
                made = least + self.episode * unit
            self.typed[column.name] = made
        self._take_given()
        totals = {one.total for one in self.plan.sums}
        edges = [e for e in self.plan.numbers if not totals & {e.less, e.more}]
        settle(self.typed, edges, frozenset({*self.line, *self.given}), bounds)
        self.number_bounds = bounds

    def _take_given(self) -> None:
        """Amounts that other tables of the unit and day have as well."""
        self.given = totals.given(self.table, self.catalogue, _LINES)
        width = self.line_widths
        line = np.zeros(self.rows, dtype=np.int64)
        for name, most in width.items():
            line = line * most + self.line[name]
        for name, one in self.given.items():
            self.typed[name] = one.amounts(f"{self.unit}|{self.day}", self.episode, line)

    def _first_line(self, table: str, key: str) -> int:
        """Of a number that counts lines of another table's episodes the first one."""
        return choosing.bounds(self.catalogue.tables[table].column(key), ())[0]

    def _age(self, least: int, most: int) -> np.ndarray:
        born = self.pool.birth[self.people[0]].astype(np.int64)
        years = ((self._today() // _DAY - born) / 365.25).astype(np.int64)
        aged: np.ndarray = np.clip(years * 10**MICRO, least, most)
        return aged

    def _add_up(self) -> None:
        order = additions(self.plan.sums, frozenset(self.given))
        done = frozenset(name for one in order for name in (one.total, *one.parts))
        done |= self.given.keys()
        for one in order:
            if one.down:
                self._share_out(one)
            else:
                parts = [np.where(self.gone(name), 0, self.typed[name]) for name in one.parts]
                self.typed[one.total] = np.sum(parts, axis=0)
        for edge in self.plan.numbers:
            if {edge.less, edge.more} <= done:
                self._top_up(edge, spare_part(edge.more, order))
        edges = [edge for edge in self.plan.numbers if done & {edge.less, edge.more}]
        settle(self.typed, edges, done, self.number_bounds)
        for left, right in self.plan.equal:
            if left in self.typed and right in self.typed and left not in done:
                self.typed[left] = self.typed[right]

    def _share_out(self, one: Addition) -> None:
        rest = self.typed[one.total]
        unit = 10 ** (
            MICRO - min(self.columns_by_name[name].scale for name in (one.total, *one.parts))
        )
        for at, name in enumerate(one.parts):
            share = self.random(f"{one.total}/{name}").uniform(0.2, 0.6, self.rows)
            part = (rest * share).astype(np.int64) // unit * unit
            part = rest if at == len(one.parts) - 1 else part
            self.typed[name], rest = part, rest - part
            self.missing.pop(name, None)

    def _top_up(self, edge: Edge, part: str) -> None:
        """A total that is too small gets more of a part that counts for nothing else."""
        lacking = np.maximum(self.typed[edge.less] + edge.step - self.typed[edge.more], 0)
        if part and lacking.any():
            before = np.where(self.gone(part), 0, self.typed[part])
            self.typed[part] = np.where(lacking > 0, before + lacking, self.typed[part])
            if part in self.missing:
                self.missing[part] = self.missing[part] & (lacking == 0)
            self.typed[edge.more] = self.typed[edge.more] + lacking

    # which code

    def _usable(self, column: Column) -> Sequence[str]:
        return choosing.codes(column, self.catalogue, self.plan, self.table)

    def _choose_codes(self) -> None:
        for column in self.table.columns:
            if column.type is Type.FLAG:
                allowed = choosing.flags(column, self.plan, self.table)
                self.codes[column.name] = allowed
            elif column.values:
                self.codes[column.name] = self._usable(column)
            else:
                continue
            size = len(self.codes[column.name])
            # the first code is the usual one; of some sets hardly anything else occurs
            draw = self.random(column.name).integers(0, size * choosing.weight(column), self.rows)
            draw = np.where(draw >= size, 0, draw)
            self.typed[column.name] = self.line.get(column.name, draw)

    # what is missing

    def _leave_out(self) -> None:
        needed = {*self.table.key, *(person.identity for person in self.plan.people)}
        needed |= {name for person in self.plan.people for name in (person.birth, person.sex)}
        needed |= self.given.keys()
        for column in self.table.columns:
            if column.required or column.name in needed or column.name_of in self.codes:
                continue
            self.missing[column.name] = self.random(f"{column.name}?").random(self.rows) < _MISSING
        for _ in range(3):  # a condition may rest on what another condition decides
            for column in self.table.columns:
                if column.name_of in self.codes and not column.required:
                    self.missing[column.name] = self.gone(column.name_of)
            for needs in (True, False):
                for one in self.plan.conditions:
                    if one.needed is needs and not self.columns_by_name[one.column].required:
                        holds = self.holds(one.when, one.among)
                        gone = self.gone(one.column)
                        self.missing[one.column] = gone & ~holds if needs else gone | holds

    def holds(self, when: str, among: tuple[str, ...]) -> np.ndarray:
        there = ~self.gone(when)
        if not among:
            return there
        if when in self.codes:
            hits = np.array([code in among for code in self.codes[when]], dtype=bool)
            found: np.ndarray = there & hits[self.typed[when]]
            return found
        if when in self.typed and self.columns_by_name[when].type in NUMBERS:
            values = [choosing.scaled(text) for text in among]
            return there & np.isin(self.typed[when], values)
        return np.zeros(self.rows, dtype=bool)

    def gone(self, name: str) -> np.ndarray:
        """Which values of a column are missing."""
        return self.missing.get(name, np.zeros(self.rows, dtype=bool))

    def day_of(self, period: Period) -> date | None:
        """The day by which the rows of a table of this period are numbered."""
        if period is Period.SNAPSHOT:
            return None
        return self.day.replace(day=1) if period is Period.MONTH else self.day


def _moment_bounds(column: Column) -> tuple[int, int] | None:
    if not (column.minimum or column.maximum):
        return None

    def seconds(text: str, default: str) -> int:
        return int(np.datetime64((text or default).replace(" ", "T"), "s").astype(np.int64))

    most = seconds(column.maximum, "2100-12-31")
    whole = column.type is Type.DATETIME and len(column.maximum) == 10
    return seconds(column.minimum, "1850-01-01"), most + (_DAY - 1 if whole else 0)
