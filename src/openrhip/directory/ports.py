"""What the directory needs from outside: keys 密钥, the evidence ledger 存证, messages 消息."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class KeyRing(Protocol):
    """Field encryption and blind index, with key versions; a file, or an HSM behind the same verbs.

    Sealed values and index values begin with the version of their key, so that old ones stay
    readable after a rotation.
    """

    def seal(self, plaintext: bytes, *, aad: bytes) -> bytes:
        """Encrypt under the newest key: version (2 bytes), nonce (12), ciphertext, tag (16)."""
        ...

    def open(self, sealed: bytes, *, aad: bytes) -> bytes:
        """Decrypt. Raises NotVerified if key, bytes or aad is another."""
        ...

    def index(self, data: bytes) -> str:
        """The newest blind index value: version (4 hex), then 16 bytes of keyed digest (hex)."""
        ...

    def indexes(self, data: bytes) -> tuple[str, ...]:
        """The values under every key in use, newest first: for look-up."""
        ...

    def pseudonym(self, data: bytes) -> str:
        """64 hex digits that stay the same through every rotation: for ledger entries."""
        ...

    def is_current(self, sealed: bytes, index: str) -> bool:
        """Whether both were made with the newest keys; an empty index is none."""
        ...


class Receipt(Protocol):
    """A receipt of the ledger; see openrhip.ledger."""

    def to_dict(self) -> dict[str, Any]: ...


class Ledger(Protocol):
    """The client door of the evidence ledger."""

    def append(self, entry: Any, *, key: str = "") -> Receipt:
        """Durable when it returns; the same key twice is one entry. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to a person of the index, or to a member of staff.

    kind: e.g. sign-in-code, emergency-access. expires_at: for codes.
    """

    to_person: str = ""
    to_staff: str = ""
    phone: str = ""
    kind: str
    zh: str
    en: str
    expires_at: datetime | None = None


class MessageSender(Protocol):
    """Short messages to citizens and staff (短信、公众号)."""

    def send(self, message: Message) -> None:
        """Hand over for delivery. Raises Unavailable."""
        ...


class NullSender:
    """Keeps messages in memory and sends nothing: for tests and installations without a gateway."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


def as_bytes(parts: Sequence[str]) -> bytes:
    """AAD of a sealed field: table, column, row id, separated so that no two readings exist."""
    return b"\x00".join(part.encode() for part in parts)
