"""The container (容器): a ZIP with one possible form, so that any changed byte shows.

Members are stored in the order of their names, with fixed dates and attributes. A reader packs
what it read again and compares byte for byte.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

from openrhip.kernel.errors import Malformed, TooLarge

MAX_BUNDLE = 260 << 20
MAX_MEMBERS = 500
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,3}")
_DATE = (1980, 1, 1, 0, 0, 0)


def pack(files: Mapping[str, bytes]) -> bytes:
    """The one container of these files. Raises Malformed for names of another form."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=False) as container:
        for name in sorted(files):
            if not _NAME.fullmatch(name):
                raise Malformed("a bundle's member has a plain name", where=name[:80])
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            container.writestr(info, files[name])
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a container. Raises Malformed or TooLarge; form is for `differs` to judge."""
    if len(data) > MAX_BUNDLE:
        raise TooLarge(f"a bundle has at most {MAX_BUNDLE} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            members = container.infolist()
            if len(members) > MAX_MEMBERS or sum(one.file_size for one in members) > MAX_BUNDLE:
                raise TooLarge("the bundle has too many or too large members")
            names = [one.filename for one in members]
            if len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names):
                raise Malformed("the bundle has members of one name or of a foreign form")
            if any(one.compress_type != zipfile.ZIP_STORED for one in members):
                raise Malformed("a bundle's members are stored, not compressed")
            return {one.filename: _read(container, one) for one in members}
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise Malformed(
            "the bundle's container is damaged", where="container", remedy="obtain it again"
        ) from error


def differs(data: bytes, files: Mapping[str, bytes]) -> str:
    """Where the container is not the one form of its files: a place, or "" if it is."""
    expected = pack(files)
    if data == expected:
        return ""
    length = min(len(data), len(expected))
    at = next((i for i in range(length) if data[i] != expected[i]), length)
    before = [name for name in sorted(files) if expected.find(name.encode()) <= at]
    return f"byte {at}, at {before[-1] if before else 'the beginning'}"


def _read(container: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes even if their CRC is wrong: the manifest's digest is what counts and names it."""
    with container.open(member) as file:
        file._expected_crc = None  # type: ignore[attr-defined]  # noqa: SLF001 - no public switch
        data = file.read()
    if len(data) != member.file_size:
        raise Malformed("a member is cut off", where=member.filename)
    return data
