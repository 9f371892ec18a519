"""Sessions (会话) in the main database, written through the one-writer gate."""

from __future__ import annotations

from django.contrib.sessions.backends import db

from openrhip.kernel.database import writing


class SessionStore(db.SessionStore):
    """Django's own, with its writes in the house's transactions."""

    def save(self, must_create: bool = False) -> None:
        with writing():
            super().save(must_create=must_create)

    def delete(self, session_key: str | None = None) -> None:
        with writing():
            super().delete(session_key)
