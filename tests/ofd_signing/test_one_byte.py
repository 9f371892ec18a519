"""One byte changed anywhere in a signed document: verification names it.

All header fields of all entries, the directory, the end record, every fifth byte of the signature
values, and a stratified sample of every other part. A change that the digests cannot
see (another compressed form of the same bytes, a date in a header) is caught by the container's
own digest.
"""

import random
import zlib

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd import seal_picture
from openrhip.formats.ofd.package_append import Container, rewrite
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel.errors import Problem

PER_PART = 40
STRIDE = 5


def named(data, region):
    """What is said of these bytes: the wheres of all that fails, or the error's where and text."""
    try:
        report = ofd.verify(data, trust=region.trust)
    except Problem as problem:
        return {problem.where or problem.what}
    assert not report.ok
    return {one.where for one in report.all_findings() if not one.ok}


def flipped(data, at, rng):
    changed = bytearray(data)
    changed[at] ^= rng.randrange(1, 256)
    return bytes(changed)


def test_every_header_field_is_guarded(signed, region):
    rng = random.Random(1)  # noqa: S311 -- repeatable on purpose
    package = ofd.open_package(signed)
    for entry in package.entries.values():
        for at in range(entry.begin, entry.start):
            assert named(flipped(signed, at, rng), region), (entry.name, at - entry.begin)


def test_every_byte_of_directory_and_end_is_guarded(signed, region):
    rng = random.Random(2)  # noqa: S311 -- repeatable on purpose
    for at in range(signed.index(b"PK\1\2"), len(signed)):
        assert named(flipped(signed, at, rng), region), at


def test_every_part_is_guarded_and_named(signed, region):
    rng = random.Random(3)  # noqa: S311 -- repeatable on purpose
    package = ofd.open_package(signed)
    for entry in package.entries.values():
        count = min(PER_PART, entry.packed)
        for slot in range(count):
            at = entry.start + entry.packed * slot // count
            found = named(flipped(signed, at, rng), region)
            assert found, (entry.name, at - entry.start)
            if "/Signs/" not in entry.name and entry.name != "OFD.xml":
                assert any(entry.name in where for where in found), (entry.name, found)


@pytest.mark.parametrize("number", [0, 1])
def test_every_field_of_a_signature_value_is_guarded(signed, region, number):
    rng = random.Random(4)  # noqa: S311 -- repeatable on purpose
    entry = ofd.open_package(signed).entries[f"Doc_0/Signs/Sign_{number}/SignedValue.dat"]
    picture = entry.packed > 8000  # the seal's picture is one field: fewer samples
    for at in range(entry.start, entry.end, STRIDE):
        inside = at - entry.start
        if picture and 1500 < inside < entry.packed - 5000 and inside % 97:
            continue
        assert named(flipped(signed, at, rng), region), inside


def test_another_compression_of_the_same_bytes_is_noticed(signed, region):
    """The digests of all parts hold, yet the file is not the one that was signed."""
    package = ofd.open_package(signed)
    container = Container()
    for name in package.parts:
        if name == "Doc_0/Document.xml":
            container.deflate(name, package.read(name), level=1)
        else:
            container.copy(package, name)
    other = container.finish()
    assert other != signed
    report = ofd.verify(other, trust=region.trust)
    assert all(one.ok for signature in report.signatures for one in signature.findings)
    (finding,) = report.findings[-1:]
    assert (finding.ok, finding.code, finding.where) == (False, "ofd.container", "container")


def test_a_comment_on_the_container_is_noticed(signed, region):
    commented = signed[:-2] + b"\3\0KRC"
    assert "directory" in named(commented, region)


def test_a_folder_entry_is_noticed(signed, region):
    package = ofd.open_package(signed)
    container = Container()
    container.store("Doc_0/Empty/", b"")
    for name in package.parts:
        container.copy(package, name)
    assert named(container.finish(), region)


def test_the_canonical_form_is_what_zlib_and_the_standard_say(signed):
    for entry in ofd.open_package(signed).entries.values():
        assert entry.canonical
        if entry.method:
            inflater = zlib.decompressobj(-15)
            inflater.decompress(signed[entry.start : entry.end])
            assert inflater.eof


@pytest.mark.parametrize("form", list(ofd.Form))
def test_every_field_of_each_form_is_guarded_when_nothing_follows(plain, region, form):
    """The last SignedValue.dat, which no signature covers."""
    rng = random.Random(5)  # noqa: S311 -- repeatable on purpose
    data = ofd.sign(plain, signer=region.doctor, form=form)
    package = ofd.open_package(data)
    part = package.parts[-1]
    value = package.read(part)
    for at in range(0, len(value), 3):
        changed = rewrite(package, {part: flipped(value, at, rng)})
        try:
            report = ofd.verify(changed, trust=region.trust, keys=[region.doctor.certificate])
        except Problem:
            continue
        assert not report.ok, at


@pytest.mark.parametrize("version", [1, 5])
def test_every_field_of_a_seal_signature_is_guarded(plain, region, version):
    rng = random.Random(6)  # noqa: S311 -- repeatable on purpose
    seal = Seal.create(
        name="章", owners=[region.hospital.certificate], maker=region.maker, version=version,
        picture=seal_picture.signature("章"),
    )  # fmt: skip
    data = ofd.seal(plain, seal=seal, signer=region.hospital)
    package = ofd.open_package(data)
    part = package.parts[-1]
    value = package.read(part)
    for at in range(0, len(value), 17):
        changed = rewrite(package, {part: flipped(value, at, rng)})
        report = ofd.verify(changed, trust=region.trust)
        assert not report.ok, at
