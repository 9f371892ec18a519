"""Extra fields of container headers: only those that no reader takes for a name, size or place."""

import struct
import zlib

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd import package_zip
from openrhip.kernel.errors import Malformed

ENTRY = b"<OFD><DocBody><DocInfo/><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>"


def with_extra(extra, *, central=None, sizes=None):
    """A good package of one part whose headers carry extra fields; sizes: in the local header."""
    name, content = b"OFD.xml", ENTRY
    central = extra if central is None else central
    crc, size = zlib.crc32(content), len(content)
    here = (size, size) if sizes is None else sizes
    local = package_zip.LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 0x21, crc, *here, len(name), len(extra))
    record = local + name + extra + content
    directory = package_zip.CENTRAL.pack(
        b"PK\1\2", 20, 20, 0, 0, 0, 0x21, crc, size, size, len(name), len(central), 0, 0, 0, 0, 0
    )
    directory += name + central
    end = package_zip.END.pack(b"PK\5\6", 0, 0, 1, 1, len(directory), len(record), 0)
    return record + directory + end


def extra_field(kind, body):
    return struct.pack("<HH", kind, len(body)) + body


TIMES = extra_field(0x5455, b"\1\0\0\0\0")
MAX = 0xFFFFFFFF


@pytest.mark.parametrize(
    "extra",
    [
        b"",
        TIMES,
        TIMES + extra_field(30837, b"\x01\x04\x00\x00\x00\x00\x04\x00\x00\x00\x00"),
        extra_field(51966, b""),
        extra_field(10, bytes(32)),
        TIMES + b"\x00\x00\x00",
    ],
)
def test_extra_fields_of_times_and_owners_are_read(extra):
    assert "OFD.xml" in ofd.open_package(with_extra(extra))


@pytest.mark.parametrize("place", ["local", "central"])
@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (extra_field(0x7075, b"\1\0\0\0\0Doc_0/Other.xml"), "Unicode Path"),
        (TIMES + extra_field(0x7075, b""), "Unicode Path"),
        (extra_field(0x0001, bytes(16)), "0x0001"),
        (extra_field(0x9901, b"\2\0AE\3\0\0"), "0x9901"),
        (extra_field(0x6375, b"\1\0\0\0\0x"), "0x6375"),
        (TIMES + TIMES, "damaged"),
        (extra_field(0x5455, b"\1")[:-1], "damaged"),
        (b"\1", "damaged"),
    ],
)
def test_extra_fields_that_another_reader_may_follow_are_refused(place, extra, words):
    """A second name, size or place would show another reader another document."""
    data = with_extra(extra, central=b"") if place == "local" else with_extra(b"", central=extra)
    with pytest.raises(Malformed, match=words):
        ofd.open_package(data)


def test_a_zip64_field_stands_only_where_it_is_needed_and_says_the_same():
    size = len(ENTRY)
    good = extra_field(0x0001, struct.pack("<QQ", size, size))
    assert "OFD.xml" in ofd.open_package(with_extra(good, central=b"", sizes=(MAX, MAX)))
    other = extra_field(0x0001, struct.pack("<QQ", size + 1, size))
    for extra, sizes in ((good, None), (other, (MAX, MAX)), (TIMES, (MAX, MAX))):
        with pytest.raises(Malformed):
            ofd.open_package(with_extra(extra, central=b"", sizes=sizes))
