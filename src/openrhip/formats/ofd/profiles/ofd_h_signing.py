"""Rules of OFD-H about signatures: there, national, locking, over everything but two lists."""

from __future__ import annotations

from collections.abc import Iterator

from openrhip.formats.gm import oids
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import ENTRY
from openrhip.formats.ofd.profiles.ofd_a.signatures import listed, standard_form
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.formats.ofd.profiles.view import View
from openrhip.formats.ofd.signing_records import Record

_METHODS = frozenset({oids.SM2_WITH_SM3, oids.SM2_SIGN, oids.SM2_CURVE})
_DIGESTS = frozenset({oids.SM3, f"{oids.SM3}.1", "sm3"})


def _records(view: View) -> list[Record]:
    return [records.read_record(view.package, line) for line in listed(view.package)]


def signed(view: View) -> Iterator[Breach]:
    if not listed(view.package):
        yield Breach(ENTRY, "没有签名", "no signature")


def locked(view: View) -> Iterator[Breach]:
    """A signature locks if it covers the list of signatures."""
    found = _records(view)
    if found and not any(one.listed.list_part in one.covered for one in found):
        yield Breach(found[-1].listed.list_part)


def algorithms(view: View) -> Iterator[Breach]:
    for one in _records(view):
        if one.method not in _METHODS or one.check_method.lower() not in _DIGESTS:
            words = f"{one.method[:40]} {one.check_method[:40]}"
            yield Breach(one.part, words, words)


def forms(view: View) -> Iterator[Breach]:
    for line in listed(view.package):
        if not standard_form(view.package, line):
            yield Breach(line.list_part, line.id, line.id)


def protection(view: View) -> Iterator[Breach]:
    """What no signature covers, and is neither a list that stays open nor a later signature."""
    found = _records(view)
    if not found:
        return
    free = {one.listed.list_part for one in found} | {
        *view.annotation_lists,
        *view.annotation_files,
    }
    for one in found:
        free |= one.own_parts
    covered = frozenset[str]().union(*(one.covered for one in found))
    for part in view.package.parts:
        if part not in covered and part not in free:
            yield Breach(part)


def annotations_open(view: View) -> Iterator[Breach]:
    for one in _records(view):
        for part in view.annotation_lists:
            if part in one.covered:
                yield Breach(part, f"签名 {one.id}", f"signature {one.id}")
