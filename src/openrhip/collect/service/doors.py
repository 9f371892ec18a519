"""The engine and the lake of this installation (端口), named in settings, replaceable in tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from openrhip.collect import catalogue as reading
from openrhip.collect.ports import Engine, Lake
from openrhip.collect.rules.tables import Catalogue
from openrhip.kernel.config import current
from openrhip.kernel.errors import Misconfigured
from openrhip.kernel.files import make_folder

DEFAULTS = {
    "engine": "openrhip.collect.adapters.engines.chosen",
    "lake": "openrhip.collect.lake.open_lake",
    "seal": "openrhip.collect.service.sealing.open_seal",
}
"""Setting COLLECT_PORTS may name others: dotted path of a callable without arguments."""
Seal = Callable[[Sequence[str | None]], Sequence[str | None]]
_replaced: dict[str, Any] = {}
_opened: dict[tuple[str, Path], Any] = {}
_catalogues: dict[str, tuple[Catalogue, float]] = {}
_LOOK_AGAIN = 5.0


def engine() -> Engine:
    """What checks."""
    return cast("Engine", _door("engine"))


def lake() -> Lake:
    """What keeps the tables."""
    return cast("Lake", _door("lake"))


def seal() -> Seal:
    """Identity numbers → keyed tokens."""
    return cast("Seal", _door("seal"))


def catalogue() -> Catalogue:
    """The catalogue that judges now: the shipped one with the centre's own folder over it.

    Its files are looked at again every few seconds, not at every batch: there are hundreds.
    """
    if "catalogue" in _replaced:
        return cast("Catalogue", _replaced["catalogue"])
    own, now = current()["collect_catalogue"], time.monotonic()
    kept = _catalogues.get(own)
    if kept is None or now - kept[1] > _LOOK_AGAIN:
        kept = _catalogues[own] = (reading.load(Path(own) if own else None), now)
    return kept[0]


def folder(name: str) -> Path:
    """A folder of collection in the home folder: originals, work, locks."""
    path = current().home / "collect" / name
    make_folder(path)
    return path


@contextmanager
def using(**doors: Any) -> Iterator[None]:
    """Within the block these stand in: using(engine=…, lake=…, seal=…, catalogue=…)."""
    before = dict(_replaced)
    _replaced.update(doors)
    try:
        yield
    finally:
        _replaced.clear()
        _replaced.update(before)


def _door(name: str) -> Any:
    if name in _replaced:
        return _replaced[name]
    key = (name, current().home)
    if key not in _opened:
        paths: Mapping[str, str] = {**DEFAULTS, **getattr(settings, "COLLECT_PORTS", {})}
        try:
            _opened[key] = import_string(paths[name])()
        except ImportError as error:
            raise Misconfigured(f"the {name} cannot be loaded", where=paths[name]) from error
    return _opened[key]
