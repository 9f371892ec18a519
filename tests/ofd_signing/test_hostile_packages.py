"""Packages made to harm: each ends in a typed error, in bounded time and memory."""

import io
import random
import resource
import struct
import time
import zipfile
import zlib

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd import package_xml, package_zip
from openrhip.formats.ofd.package import Limits
from openrhip.kernel.errors import Malformed, NotFound, Problem, TooLarge

ENTRY = b"<OFD><DocBody><DocInfo/><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>"
DOCUMENT = b'<Document><CommonData/><Pages><Page ID="1" BaseLoc="P.xml"/></Pages></Document>'
GOOD = {"OFD.xml": ENTRY, "Doc_0/Document.xml": DOCUMENT, "Doc_0/P.xml": b"<Page/>"}


def packed(parts, **options):
    """A container by Python's own writer."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as made:
        for name, content in parts if isinstance(parts, list) else parts.items():
            made.writestr(
                name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name), content
            )
    return out.getvalue()


def test_the_good_one_opens():
    package = ofd.open_package(packed(GOOD))
    assert len(package.pages) == 1
    assert package.read("/Doc_0/P.xml") == b"<Page/>"


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO(packed(GOOD))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bomb.xml", bytes(64 << 20), zipfile.ZIP_DEFLATED, 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLarge, match="compressed more than"):
        ofd.open_package(out.getvalue())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB


def test_a_bomb_that_lies_about_its_size_stops_at_the_stated_size():
    packed_zeros = zlib.compress(bytes(50 << 20), 9)[2:-4]
    container = by_hand([("OFD.xml", 0, zlib.crc32(ENTRY), ENTRY, len(ENTRY)),
                         ("b.xml", 8, 0, packed_zeros, 1000)])  # fmt: skip
    package = ofd.open_package(container)
    with pytest.raises(Malformed, match="cut short or too long"):
        package.read("b.xml")


def by_hand(entries):
    """A container from (name, method, crc, packed bytes, stated size)."""
    records, directory, at = [], [], 0
    for name, method, crc, content, size in entries:
        local, central = package_zip.headers(
            name.encode(), method=method, crc=crc, packed=len(content), size=size, begin=at
        )
        records += [local, content]
        directory.append(central)
        at += len(local) + len(content)
    central = b"".join(directory)
    count = len(entries)
    end = package_zip.END.pack(b"PK\5\6", 0, 0, count, count, len(central), at, 0)
    return b"".join([*records, central, end])


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(file=100), "bytes; at most 100 are read"),
        (Limits(total=100), "unpacked; at most"),
        (Limits(part=50), "a part of"),
        (Limits(parts=2), "3 parts"),
        (Limits(name=5), "a name of"),
    ],
)
def test_every_limit_is_a_typed_error(limits, words):
    with pytest.raises(TooLarge, match=words):
        ofd.open_package(packed(GOOD), limits=limits)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "/etc/passwd", "Doc_0/../../x", "C:/x", "a\\..\\b", "Doc_0//x", "./x",
        "Doc_0/.../x", "Doc_0/x.", "Doc_0/x ", "a\x01b",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(name):
    data = packed(
        {**GOOD, "Doc_0/" + "q" * (len(name) - 6) if len(name) > 7 else "q" * len(name): b"x"}
    )
    placeholder = max(zipfile.ZipFile(io.BytesIO(data)).namelist(), key=lambda n: n.count("q"))
    with pytest.raises(Malformed, match=r"path"):
        ofd.open_package(data.replace(placeholder.encode(), name.encode()))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Doc_0/A.xml", "Doc_0/A.xml"),
        ("Doc_0/A.xml", "doc_0/a.XML"),
        ("Doc_0/Ａ.xml", "Doc_0/A.xml"),
        ("Doc_0/e\u0301.xml", "Doc_0/\u00e9.xml"),
        ("Doc_0/\ufb01.xml", "Doc_0/fi.xml"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_parts_of_one_name_are_refused(first, second):
    data = packed([*((k, v) for k, v in GOOD.items()), (first, b"1"), (second, b"2")])
    with pytest.raises(Malformed, match="share a name"):
        ofd.open_package(data)


def test_encrypted_entries_are_refused():
    data = bytearray(packed(GOOD))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(Malformed, match="encrypted"):
        ofd.open_package(bytes(data))


@pytest.mark.parametrize("mode", [0o120777, 0o060644, 0o020644, 0o010644])
def test_links_and_devices_are_refused(mode):
    link = zipfile.ZipInfo("Doc_0/link.xml")
    link.create_system = 3
    link.external_attr = mode << 16
    with pytest.raises(Malformed, match="link or device"):
        ofd.open_package(packed([*GOOD.items(), (link, b"/etc/passwd")]))


@pytest.mark.parametrize("field", range(8, 26))
def test_a_local_header_that_differs_from_the_directory_is_refused(field):
    data = bytearray(packed(GOOD))
    data[field] ^= 0x11
    with pytest.raises(Malformed, match=r"local header|data"):
        package = ofd.open_package(bytes(data))
        package.read("OFD.xml")


def test_a_name_that_differs_from_the_directory_is_refused():
    data = packed(GOOD)
    with pytest.raises(Malformed, match="names another file"):
        ofd.open_package(data.replace(b"OFD.xml", b"XFD.xml", 1))


@pytest.mark.parametrize("where", ["before", "after", "between", "within"])
def test_bytes_that_belong_to_nothing_are_refused(where):
    data = packed(GOOD)
    second = data.index(b"PK\3\4", 4)
    directory = data.index(b"PK\1\2")
    shifted = {
        "before": b"MZ" + data,
        "after": data + b"x",
        "between": data[:second] + b"hidden" + data[second:],
        "within": data[:directory] + b"hidden" + data[directory:],
    }[where]
    with pytest.raises(Malformed):
        ofd.open_package(shifted)


def test_hidden_bytes_with_adjusted_offsets_are_refused():
    data = bytearray(packed(GOOD))
    directory = data.index(b"PK\1\2")
    data[directory:directory] = b"hidden"
    end = data.rindex(b"PK\5\6")
    struct.pack_into("<I", data, end + 16, directory + 6)
    with pytest.raises(Malformed, match="between the parts"):
        ofd.open_package(bytes(data))
    data = bytearray(b"hidden" + packed(GOOD))
    end, at = data.rindex(b"PK\5\6"), data.index(b"PK\1\2")
    struct.pack_into("<I", data, end + 16, at)
    while at < end:
        (offset,) = struct.unpack_from("<I", data, at + 42)
        struct.pack_into("<I", data, at + 42, offset + 6)
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    with pytest.raises(Malformed, match="before the first"):
        ofd.open_package(bytes(data))


def test_a_part_inside_another_is_refused():
    inner, inner_central = package_zip.headers(
        b"in.xml", method=0, crc=zlib.crc32(b"<x/>"), packed=4, size=4, begin=0
    )
    content = b"<OFD><!--" + inner + b"<x/>" + b"--></OFD>"
    outer, central = package_zip.headers(
        b"OFD.xml",
        method=0,
        crc=zlib.crc32(content),
        packed=len(content),
        size=len(content),
        begin=0,
    )
    at = struct.pack("<I", len(outer) + len(b"<OFD><!--"))
    directory = central + inner_central[:42] + at + inner_central[46:]
    end = package_zip.END.pack(b"PK\5\6", 0, 0, 2, 2, len(directory), len(outer) + len(content), 0)
    with pytest.raises(Malformed, match="two parts overlap"):
        ofd.open_package(outer + content + directory + end)


def test_a_container_cut_short_anywhere_is_a_typed_error():
    data = packed(GOOD)
    for length in range(len(data)):
        with pytest.raises(Malformed):
            ofd.open_package(data[:length])


def test_zip64_and_other_methods_are_refused():
    with pytest.raises(Malformed, match="method 14"):
        lzma = io.BytesIO()
        with zipfile.ZipFile(lzma, "w", zipfile.ZIP_LZMA) as made:
            made.writestr("OFD.xml", ENTRY)
        ofd.open_package(lzma.getvalue())


def test_a_package_without_entry_file_is_refused():
    with pytest.raises(Malformed, match=r"no OFD\.xml"):
        ofd.open_package(packed({"x.xml": b"<a/>"}))


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><OFD>&d;</OFD>"""


@pytest.mark.parametrize(
    ("xml", "error"),
    [
        (LAUGHS, Malformed),
        (b'<!DOCTYPE OFD SYSTEM "file:///etc/passwd"><OFD/>', Malformed),
        (b'<!DOCTYPE OFD [<!ENTITY x SYSTEM "file:///etc/passwd">]><OFD>&x;</OFD>', Malformed),
        (LAUGHS.decode().encode("utf-16"), Malformed),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<OFD/>', Malformed),
        (b'<?xml version="1.0" encoding="cp037"?><OFD/>', Malformed),
        (b"<OFD>" + b"<a>" * 80 + b"</a>" * 80 + b"</OFD>", TooLarge),
        (b"<OFD>" + b"<a>" * 100_000, Malformed),
        (b"<OFD", Malformed),
        (b"", Malformed),
        (b"\xff\xfe<OFD/>", Malformed),
        (b"<OFD>&undefined;</OFD>", Malformed),
    ],
)  # fmt: skip
def test_hostile_xml_is_a_typed_error(xml, error):
    with pytest.raises(error):
        _ = ofd.open_package(packed({**GOOD, "OFD.xml": xml})).documents


def test_xml_beyond_the_limit_is_not_parsed():
    with pytest.raises(TooLarge, match="XML of"):
        package_xml.parse(b"<a>" + b" " * 200 + b"</a>", where="x", limits=Limits(xml=100))


@pytest.mark.parametrize(
    "location", ["../../etc/passwd", "/../x", "..", "Doc_0/../../x", "\\\\host\\x"]
)
def test_locations_that_lead_outside_are_refused(location):
    package = ofd.open_package(packed(GOOD))
    with pytest.raises((Malformed, NotFound)):
        package.resolve(location, base="Doc_0/Document.xml")
    with pytest.raises((Malformed, NotFound)):
        _ = ofd.open_package(
            packed({**GOOD, "OFD.xml": ENTRY.replace(b"Doc_0/Document.xml", location.encode())})
        ).documents


def test_all_xml_together_is_bounded():
    package = ofd.open_package(packed(GOOD), limits=Limits(xml_total=100))
    with pytest.raises(TooLarge, match="bytes of XML"):
        [package.xml(name) for name in package.parts]


def test_a_million_pages_are_not_followed():
    pages = b'<Page ID="1" BaseLoc="P.xml"/>' * (Limits().pages + 1)
    document = b"<Document><CommonData/><Pages>" + pages + b"</Pages></Document>"
    with pytest.raises(TooLarge, match="items in one list"):
        _ = ofd.open_package(packed({**GOOD, "Doc_0/Document.xml": document})).pages


def test_a_million_references_are_not_followed(region):
    reference = b'<Reference FileRef="/OFD.xml"><CheckValue>AA==</CheckValue></Reference>'
    parts = {
        **GOOD,
        "OFD.xml": ENTRY.replace(b"</DocBody>", b"<Signatures>/L.xml</Signatures></DocBody>"),
        "L.xml": b'<Signatures><Signature ID="s1" Type="Sign" BaseLoc="S.xml"/></Signatures>',
        "S.xml": b"<Signature><SignedInfo><References>" + reference * 10_000
        + b"</References></SignedInfo><SignedValue>v</SignedValue></Signature>",
    }  # fmt: skip
    report = ofd.verify(packed(parts), trust=region.trust)
    assert report.verdict == "invalid"
    assert any("more parts than the package has" in one.text_en for one in report.all_findings())


def test_too_many_signatures_are_refused(region):
    lines = b"".join(b'<Signature ID="s%d" BaseLoc="S%d.xml"/>' % (n, n) for n in range(101))
    parts = {
        **GOOD,
        "OFD.xml": ENTRY.replace(b"</DocBody>", b"<Signatures>/L.xml</Signatures></DocBody>"),
        "L.xml": b"<Signatures>" + lines + b"</Signatures>",
    }
    report = ofd.verify(packed(parts), trust=region.trust)
    assert report.verdict == "invalid"
    assert "101 signatures" in report.findings[0].text_en


def test_ten_thousand_mutations_end_in_an_error_or_not_valid(signed, region):
    """Seeded: flips, cuts, moved and doubled blocks, absurd numbers in good files."""
    rng = random.Random(20261124)  # noqa: S311 -- repeatable on purpose
    started, verdicts = time.monotonic(), {}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slowest = 0.0
    for _ in range(10_000):
        data = mutated(signed, rng)
        if data == signed:
            continue
        begun = time.monotonic()
        try:
            outcome = ofd.verify(data, trust=region.trust).verdict
        except Problem as problem:
            outcome = type(problem).__name__
        slowest = max(slowest, time.monotonic() - begun)
        verdicts[outcome] = verdicts.get(outcome, 0) + 1
    assert "valid" not in verdicts
    assert set(verdicts) <= {
        "invalid",
        "indeterminate",
        "unsigned",
        "Malformed",
        "TooLarge",
        "NotFound",
    }
    assert sum(verdicts.values()) > 9_900
    assert slowest < 2
    assert time.monotonic() - started < 200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


def mutated(good, rng):
    data = bytearray(good)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at, kind = rng.randrange(len(data)), rng.randrange(6)
        size = rng.choice((1, 2, 4, 16, 200))
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + size] = rng.randbytes(size)
        elif kind == 2:
            del data[at : at + size]
        elif kind == 3:
            data[at:at] = data[max(0, at - size) : at]
        elif kind == 4:
            data[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"))
        else:
            other = rng.randrange(len(data))
            data[at : at + size] = data[other : other + size]
        if not data:
            break
    return bytes(data)
