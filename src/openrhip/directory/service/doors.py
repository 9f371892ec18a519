"""The doors to the outside: key ring, ledger, messages. Named in settings, replaceable in tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from openrhip.directory.ports import KeyRing, Ledger, MessageSender
from openrhip.kernel.errors import Misconfigured

DEFAULTS = {
    "keys": "openrhip.directory.adapters.keys.file_ring",
    "ledger": "openrhip.directory.adapters.ledger.client",
    "messages": "openrhip.directory.adapters.messages.OutboxSender",
}
"""Settings DIRECTORY_PORTS may name others: dotted path of a callable without arguments."""
_replaced: dict[str, Any] = {}


def key_ring() -> KeyRing:
    """Keys of the sealed columns."""
    return cast("KeyRing", _door("keys"))


def ledger() -> Ledger:
    """The evidence ledger."""
    return cast("Ledger", _door("ledger"))


def message_sender() -> MessageSender:
    """Where messages to people go."""
    return cast("MessageSender", _door("messages"))


@contextmanager
def using(**doors: Any) -> Iterator[None]:
    """Within the block these objects stand in: using(keys=..., ledger=..., messages=...)."""
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
    paths: Mapping[str, str] = {**DEFAULTS, **getattr(settings, "DIRECTORY_PORTS", {})}
    try:
        return import_string(paths[name])()
    except ImportError as error:
        raise Misconfigured(f"the {name} adapter cannot be loaded", where=paths[name]) from error
