"""What a location (ST_Loc, 路径) means: by the standard first, then as producers write it.

Sources: GB/T 33190-2016 §6 (absolute from the package's root, else relative to the part).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterator, Mapping
from urllib.parse import unquote

from openrhip.kernel.errors import Malformed, NotFound

_SIMPLE = re.compile(r"[\w\-]+(?:\.[\w\-]+)*(?:/[\w\-]+(?:\.[\w\-]+)*)*")
"""Locations that need no normal form."""
_SCHEME = re.compile(r"//|[A-Za-z][A-Za-z0-9+.\-]*:")


def find(location: str, *, base: str, parts: Container[str], strict: bool = False) -> str:
    """The part that a location in part `base` means: absolute, or relative to that part.

    Unless `strict`, also relative to the document or the package, if just one of the readings
    leads to a part. Raises Malformed for paths that lead outside or to several parts, NotFound.
    """
    folder = base.rpartition("/")[0]
    if location.startswith("/"):
        paths = [location[1:]]
    else:
        paths = [posixpath.join(folder, location)]
        if folder and not strict:
            paths += [posixpath.join(folder.split("/")[0], location), location]
    if not _SIMPLE.fullmatch(location):
        paths = [posixpath.normpath(one) if one else "" for one in paths]
        if paths[0].startswith(("..", "/")) or "\\" in location:
            raise Malformed("a location leads outside the package", where=base)
    found = {path for path in paths if path in parts}
    if len(found) > 1:
        raise Malformed(f"a location that means several parts: {location[:200]!r}", where=base)
    if not found:
        raise NotFound(f"no part at {location[:200]!r}", where=base)
    return found.pop()


def irregular(
    location: str, *, base: str, names: Mapping[str, str], fold: Callable[[str], str]
) -> str | None:
    """The one part that an irregular location can mean; None if none or several.

    names: folded name → name. Read are backslashes, escapes of URIs, other case, a slash before a
    relative path, and paths relative to any folder between the part and the package.
    """
    written = location.replace("\\", "/")
    forms = {written, unquote(written)} if "%" in written else {written}
    found: set[str] = set()
    for form in forms:
        if _SCHEME.match(form):
            continue
        for one in _readings(form, base):
            path = posixpath.normpath(one) if one else ""
            name = names.get(fold(path))
            if name and not path.startswith(("..", "/")):
                found.add(name)
    return found.pop() if len(found) == 1 else None


def _readings(form: str, base: str) -> Iterator[str]:
    folder = base.rpartition("/")[0]
    inner = form.lstrip("/")
    while folder:
        yield posixpath.join(folder, inner)
        folder = folder.rpartition("/")[0]
    yield inner
