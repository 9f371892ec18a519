"""Pieces that several templates print: lists of diagnoses, operations, vital signs, orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from openrhip.formats.cda import values
from openrhip.formats.cda.layout import frame, plain
from openrhip.formats.cda.layout.sheet import BODY, Sheet, run_in
from openrhip.formats.cda.layout.words import with_colon
from openrhip.formats.cda.model import Entry, Span
from openrhip.formats.ofd.story import (
    Align,
    Block,
    Columns,
    Paragraph,
    Run,
    Spacer,
    Style,
    Together,
)

LIST = Style(size=10.5, leading=1.32, hanging=1.3, align=Align.LEFT)
_WHOLE = 8  # lines of a list that no page cuts
SHORT = {
    "DE06.00.257.00": "切口", "DE05.10.147.00": "愈合", "DE06.00.073.00": "麻醉",
    "DE06.00.255.00": "级别", "DE06.00.093.00": "部位", "DE06.00.251.00": "方法",
    "DE06.00.250.00": "次数", "DE08.50.037.00": "介入物",
}  # fmt: skip
ICD_NAME, ICD_CODE = "DE05.01.025.00", "DE05.01.024.00"
_HEAD_LINE = 160  # signs
RANK = "DE05.01.080.00"
TCM_NAME, TCM_CODE = "DE05.10.172.00", "DE05.10.130.00"


def diagnosis_runs(sheet: Sheet, label: str = "", dated: str = "") -> list[list[str | Run]]:
    """Diagnoses whose label holds `label`, each as runs: name（code）, and what hangs on it.

    dated: the day that stands in the list's title and need not stand behind each.
    """
    named = _named(sheet, label, dated)
    bare_codes = [
        _with_rest(sheet, entry, [Run(plain.value_text(entry.values[0]), tag=ICD_CODE)], dated)
        for entry in sheet.all(ICD_CODE, label)
        if entry.values and sheet.use(entry, deep=False)
    ]
    return [*named, *bare_codes]


def brief_diagnoses(sheet: Sheet) -> str:
    """All diagnoses in one line for the head of a report; "" (and left to the body) if long."""
    items = diagnosis_runs(sheet.copy())
    line = "；".join(
        "".join(run if isinstance(run, str) else run.text for run in item) for item in items
    )
    if len(line) > _HEAD_LINE:
        return ""
    diagnosis_runs(sheet)
    return line


def _named(sheet: Sheet, label: str, dated: str) -> list[list[str | Run]]:
    """Names (DE05.01.025.00) with their codes: below the name, or beside it in the same group."""
    out: list[list[str | Run]] = []
    for entry in sheet.all(ICD_NAME, label):
        if not entry.values:
            continue
        sheet.use(entry, deep=False)
        code = _code_of(sheet, entry)
        runs: list[str | Run] = [Run(entry.values[0].text, tag=ICD_NAME)]
        if code:
            runs.append(Run(f"（{code}）", tag=ICD_CODE))
        rank = sheet.part(entry, RANK)
        if rank not in {"", str(len(out) + 1)}:
            runs.append(Run(f"（顺位 {rank}）", tag=RANK))
        out.append(_with_rest(sheet, entry, runs, dated))
    return out


def _code_of(sheet: Sheet, entry: Entry) -> str:
    name = entry.values[0].text
    beside = [one for one in entry.parts if one.code.code == ICD_CODE]
    if not beside:
        beside = [
            one
            for one in sheet.all(ICD_CODE)
            if one.values and one.values[0].coded and one.values[0].text == name
        ]
    for one in beside:
        coded = one.values[0].coded if one.values else None
        if coded and coded.text == name and not sheet.used(one):
            sheet.use(one)
            return coded.code
    return ""


def _with_rest(sheet: Sheet, entry: Entry, runs: list[str | Run], dated: str) -> list[str | Run]:
    """Outcome, time, place and parts of a diagnosis behind it."""
    turns = sheet.part(entry, "DE05.10.113.00")
    if turns:
        runs.append(Run(f"  {turns}", tag="DE05.10.113.00"))
    when = values.show_span(entry.time)
    facts = [when] if when and when[:10] != dated else []
    facts += [text for one in entry.people if (text := plain.person_text(one))]
    if facts:
        runs.append(f"（{'，'.join(facts)}）")
    return runs


def numbered(title: str, items: Sequence[list[str | Run]]) -> list[Block]:
    """A bold title, then 1. 2. 3.; a single item stands behind the title."""
    if not items:
        return []
    if len(items) == 1:
        return run_in(title, *items[0])
    head = Paragraph([Run(with_colon(title), bold=True)], style=BODY, keep_with_next=True)
    rows = [Paragraph([f"{at}. ", *item], style=LIST, left=4.0) for at, item in enumerate(items, 1)]
    return kept([head, *rows])


def kept(blocks: list[Block]) -> list[Block]:
    """A short list stays on one page."""
    return [Together(blocks)] if len(blocks) <= _WHOLE else blocks


def labelled_lines(title: str, lines: Sequence[str], tag: str) -> list[Block]:
    """A text of several lines: label in bold, lines below with the number hanging."""
    told = [line.strip() for line in lines if line.strip()]
    if len(told) < 2:
        return run_in(title, Run("".join(told), tag=tag))
    head = Paragraph([Run(with_colon(title), bold=True)], style=BODY, keep_with_next=True)
    rows = [Paragraph([Run(one, tag=tag)], style=LIST, left=4.0) for one in told]
    return kept([head, *rows])


def side_by_side(left: list[Block], right: list[Block]) -> list[Block]:
    """Two short lists next to each other; long ones below each other."""
    if not left or not right or max(frame.lines_of(one) for one in (left, right)) > 12:
        return [*left, *right]
    return [Columns([left, right], gap=6.0), Spacer(0.8)]


def chinese(sheet: Sheet, label: str = "", dated: str = "") -> list[list[str | Run]]:
    """中医病名 and 证候, name with code."""
    out: list[list[str | Run]] = []
    for entry in sheet.all(TCM_NAME, label):
        if not entry.values or sheet.used(entry):
            continue
        sheet.use(entry, deep=False)
        runs = _tcm(entry.values[0].text, "")
        beside = entry.parts or tuple(sheet.all(TCM_CODE, label))
        runs = _tcm_code(sheet, entry.values[0].text, beside, runs)
        for part in entry.parts:
            if part.code.code == TCM_NAME and part.values and not sheet.used(part):
                sheet.use(part)
                text = part.values[0].text
                runs += ["  ", *_tcm_code(sheet, text, entry.parts, _tcm(text, ""))]
        when = values.show_span(entry.time)
        if when and when[:10] != dated:
            runs.append(f"（{when}）")
        _joined(out, runs, entry)
    for entry in sheet.all(TCM_CODE, label):
        if entry.values and not sheet.used(entry):
            sheet.use(entry, deep=False)
            runs = [Run(plain.value_text(entry.values[0]), tag=TCM_CODE)]
            if text := _first_tcm_part(sheet, entry):
                runs.append(Run(f"  {text}", tag=TCM_CODE))
            _joined(out, list(runs), entry)
    return out


def _joined(out: list[list[str | Run]], runs: list[str | Run], entry: Entry) -> None:
    """A pattern (证候) stands behind the sickness it belongs to."""
    if out and "证候" in f"{entry.code.display}{entry.code.qualifier}":
        out[-1] += ["  ", *runs]
    else:
        out.append(runs)


def _tcm(text: str, code: str) -> list[str | Run]:
    return [Run(text + (f"（{code}）" if code else ""), tag=TCM_NAME)]


def _tcm_code(
    sheet: Sheet, name: str, entries: Sequence[Entry], runs: list[str | Run]
) -> list[str | Run]:
    for one in entries:
        coded = one.values[0].coded if one.values else None
        if coded and coded.text == name and not sheet.used(one):
            sheet.use(one)
            return [*runs, Run(f"（{coded.code}）", tag=TCM_CODE)]
    return runs


def _first_tcm_part(sheet: Sheet, entry: Entry) -> str:
    for part in entry.parts:
        if part.code.code == TCM_CODE and part.values and not sheet.used(part):
            sheet.use(part)
            return plain.value_text(part.values[0])
    return ""


def operations(sheet: Sheet, entries: Sequence[Entry]) -> list[Block]:
    """手术及操作: a line of facts for each, the story of the operation below it."""
    blocks: list[Block] = []
    for at, entry in enumerate(entries, 1):
        sheet.use(entry, deep=False)
        coded = entry.code
        name = sheet.part(entry, "DE06.00.094.00") or coded.text
        when = values.show_span(entry.time)
        head = f"{name}（{coded.code}）" if coded.code and coded.code != name else name
        prefix = f"{at}. " if len(entries) > 1 else ""
        first: list[str | Run] = [
            prefix, Run(f"{when}  " if when else "", tag="DE06.00.221.00" if when else ""),
            Run(head, bold=True, tag="DE06.00.094.00"),
        ]  # fmt: skip
        if coded.text not in {name, coded.code}:
            first.append(f"（{coded.text}）")
        story = sheet.part(entry, "DE05.10.063.00")
        facts: list[str | Run] = []
        said = set()
        for part in entry.parts:
            if not sheet.used(part):
                said |= {value.text for value in part.values}
                label = SHORT.get(part.code.code, "")
                shown = plain.runs(part, label=not label, bold=False)
                facts += ["  ", f"{label}：" if label else "", *shown]
                sheet.use(part, deep=False)
        extra = plain.details(_trimmed(entry, said))
        blocks.append(Paragraph([*first, *facts, f"  {extra}" if extra else ""], style=BODY))
        if story:
            blocks += run_in("手术过程", Run(story, tag="DE05.10.063.00"))
    return blocks


def _trimmed(entry: Entry, said: set[str]) -> Entry:
    """Without the time and the facts that stand there already."""
    return replace(
        entry, time=Span(), facts=tuple(one for one in entry.facts if one.text not in said)
    )


def vital_line(sheet: Sheet) -> list[Block]:
    """T 36.5℃  P 78次/分 … in one line."""
    wanted = (
        ("T", "DE04.10.186.00"), ("P", "DE04.10.118.00"), ("R", "DE04.10.082.00"),
        ("BP", "DE04.10.174.00"), ("身高", "DE04.10.167.00"), ("体重", "DE04.10.188.00"),
    )  # fmt: skip
    runs: list[str | Run] = []
    for label, code in wanted:
        text = _tight(sheet.take(code))
        if not text:
            continue
        if code == "DE04.10.174.00" and (low := _tight(sheet.take("DE04.10.176.00"))):
            high = text.removesuffix("mmHg")
            runs += [Run(f"{label} ", bold=True), Run(high, tag=code), "/"]
            runs += [Run(low, tag="DE04.10.176.00"), "    "]
            continue
        runs += [Run(f"{label} ", bold=True), Run(text, tag=code), "    "]
    return [Paragraph(runs, style=BODY, after=0.7)] if runs else []


def _tight(text: str) -> str:
    return text.replace(" ", "", 1).replace("次/min", "次/分")
