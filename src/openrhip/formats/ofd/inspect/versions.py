"""A version of a document as a package of its own (版本): read, drawn and compared like any other.

Sources: GB/T 33190-2016 §19 (versions).
"""

from __future__ import annotations

from pathlib import Path

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.lists import Version, versions
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import ENTRY, Package, open_package
from openrhip.kernel.errors import NotFound


def listed(package: Package) -> tuple[Version, ...]:
    """All versions of all documents. Raises Malformed, TooLarge."""
    bodies = px.children(package.xml(ENTRY), "DocBody")
    return tuple(version for body in bodies for version in versions(package, body))


def at_version(data: bytes | Path | Package, key: str) -> Package:
    """The package as of a version (its ID, or "current"). Raises NotFound, Malformed, TooLarge.

    Shows that version's document and nothing else; parts that are not in its list of files are
    told. It shares the bytes of the whole package and is for reading.
    """
    package = data if isinstance(data, Package) else open_package(data)
    found = listed(package)
    for version in found:
        if version.id == key or (key == "current" and version.current):
            break
    else:
        known = ", ".join(one.id for one in found[:20]) or "the file lists no version"
        raise NotFound("no such version", where=key[:40], remedy=known)
    if not version.root:
        raise NotFound("the version has no document", where=version.part or ENTRY)
    notices = Notices()
    for _, location, part in version.files:
        if not part:
            notices.note(
                "resource.missing",
                f"版本 {version.id} 的文件不在包内",
                f"a file of version {version.id} is not in the package",
                location[:200],
            )
    return Package(
        package.data, package.entries, package.limits, package.exact, version.root, notices
    )
