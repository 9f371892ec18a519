"""What collection reports for a month (统计): both tables of the bulletin, with their oddities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Sum

from openrhip.collect import models
from openrhip.collect.rules.lines import PERSONS, Coverage, Line
from openrhip.collect.rules.oddities import Oddity
from openrhip.collect.rules.tables import Owner
from openrhip.collect.service.coverage import coverage_of
from openrhip.collect.service.oddities import oddities_of
from openrhip.collect.service.persons import count_persons, up_to_date
from openrhip.kernel import config
from openrhip.kernel.periods import Month

NEVER_DECLARED = "未反馈"
_COLUMNS = (
    "接入单位",
    "申明上传表",
    "规定上传表",
    "已上传表",
    "数据上传量",
    "数据上传天数",
    "门急诊信息上传人次",
    "出院信息上传人次",
)
_PERSON_COLUMNS = ("健康档案累计-基本信息", "健康档案累计-高血压", "健康档案累计-糖尿病")
_KINDS = {Owner.DISTRICT: "区", Owner.HOSPITAL: "医院"}


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table of the bulletin. rows: name, then numbers; a unit that never declared its tables has
    None there, printed as 未反馈.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]

    @property
    def filled(self) -> tuple[tuple[str | int, ...], ...]:
        """The rows with 未反馈 where nothing was declared; numbers are numbers."""
        return tuple(
            tuple(NEVER_DECLARED if value is None else value for value in row) for row in self.rows
        )

    @property
    def printed(self) -> tuple[tuple[str, ...], ...]:
        """As it is printed, in plain digits."""
        return tuple(tuple(str(value) for value in row) for row in self.filled)

    def as_dict(self) -> dict[str, Any]:
        return {
            "heading": self.heading,
            "columns": list(self.columns),
            "null_declared_prints_as": NEVER_DECLARED,
            "rows": [list(row) for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class CollectionFigures:
    """cumulative: rows validated and loaded to the end of the month, since the beginning."""

    month: Month
    districts: PrintedTable
    hospitals: PrintedTable
    rows_of_districts: int
    rows_of_hospitals: int
    cumulative: int
    oddities: tuple[Oddity, ...]

    @property
    def rows(self) -> int:
        return self.rows_of_districts + self.rows_of_hospitals

    @property
    def cumulative_printed(self) -> str:
        """In 100 millions as the bulletin has it (81.9亿); below that in ten thousands."""
        return in_chinese_units(self.cumulative)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "period": str(self.month),
            "collection": {
                "districts": self.districts.as_dict(),
                "hospitals": self.hospitals.as_dict(),
                "cumulative_rows_validated_and_loaded_to_month_end": self.cumulative_printed,
                "cumulative_rows": self.cumulative,
                "rows_in_month": {
                    "districts": self.rows_of_districts,
                    "hospitals": self.rows_of_hospitals,
                    "all": self.rows,
                },
            },
            "oddities": [
                {
                    "code": one.code,
                    "unit": one.unit,
                    "name": one.name,
                    "zh": one.zh,
                    "en": one.en,
                    "fix_zh": one.fix_zh,
                    "fix_en": one.fix_en,
                }
                for one in self.oddities
            ],
        }


def figures(
    month: Month, *, found: Coverage | None = None, count: bool = True
) -> CollectionFigures:
    """The month's figures. found: its coverage, if it is at hand. Persons with health records are
    counted first if that was not yet done, or records came since; without `count` they are as the
    nightly chore left them, which a page wants: counting reads all records of the city.
    """
    if count and not up_to_date(month):
        count_persons(month)
        found = None
    seen = found or coverage_of(month)
    districts = [line for line in seen.lines if line.owner is Owner.DISTRICT]
    hospitals = [line for line in seen.lines if line.owner is Owner.HOSPITAL]
    return CollectionFigures(
        month=month,
        districts=_table(month, Owner.DISTRICT, districts),
        hospitals=_table(month, Owner.HOSPITAL, hospitals),
        rows_of_districts=sum(line.rows for line in districts),
        rows_of_hospitals=sum(line.rows for line in hospitals),
        cumulative=cumulative_rows(month),
        oddities=oddities_of(month, found=seen),
    )


def cumulative_rows(month: Month) -> int:
    """Rows that stand in the tables for all days up to the end of the month."""
    rows = models.CoverageMonth.objects.filter(month__lte=date(month.year, month.month, 1))
    return int(rows.aggregate(total=Sum("rows"))["total"] or 0)


def in_chinese_units(number: int) -> str:
    """8,190,000,000 → 81.9亿; 45,678 → 4.6万; small numbers as they are."""
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if number >= size:
            return f"{(Decimal(number) / size).quantize(Decimal('0.1'), ROUND_HALF_UP)}{unit}"
    return str(number)


def _table(month: Month, owner: Owner, lines: list[Line]) -> PrintedTable:
    city = config.current()["city"]
    period = f"{month.year}年{month.month}月"
    heading = f"{period}{city}卫生信息平台数据采集情况（{_KINDS[owner]}）"
    columns = _COLUMNS + (_PERSON_COLUMNS if owner is Owner.DISTRICT else ())
    return PrintedTable(heading, columns, tuple(_row(line) for line in lines))


def _row(line: Line) -> tuple[str | int | None, ...]:
    row = (
        line.name,
        line.declared,
        line.owed,
        line.uploaded,
        line.rows,
        line.upload_days,
        line.visits,
        line.discharges,
    )
    if line.owner is not Owner.DISTRICT:
        return row
    return row + tuple(line.person_count(kind) or 0 for kind in PERSONS)
