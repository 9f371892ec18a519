"""The message port (短信端口): how a one-time code reaches a citizen's phone."""

from __future__ import annotations

from typing import Protocol

from openrhip.kernel.errors import Misconfigured


class MessageSender(Protocol):
    """Sends a short message to the phone number that the directory holds for a person."""

    shows_on_page: bool
    """True only in development: the page then prints the code in a marked box."""

    def send_code(self, *, phone: str, code: str) -> None:
        """phone: as registered, or empty when none is known. Raises Unavailable."""
        ...


class NoSender:
    """The default outside development: says that nothing is configured."""

    shows_on_page = False

    def send_code(self, *, phone: str, code: str) -> None:
        del phone, code
        raise Misconfigured(
            "no message sender is configured",
            where="MESSAGE_SENDER",
            remedy="name a class with send_code() in the settings",
        )
