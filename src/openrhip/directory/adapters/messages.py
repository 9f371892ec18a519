"""Messages into a table of the platform: the demo shows them instead of sending."""

from __future__ import annotations

from openrhip.directory.ports import Message
from openrhip.directory.service.messages import store_message


class OutboxSender:
    """Keeps each message sealed, for the page that shows it."""

    def send(self, message: Message) -> None:
        store_message(message)
