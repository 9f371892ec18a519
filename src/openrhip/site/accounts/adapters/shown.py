"""Development only: the code is not sent; the page shows it in a marked box."""

from __future__ import annotations


class ShownOnPage:
    """Sends nothing."""

    shows_on_page = True

    def send_code(self, *, phone: str, code: str) -> None:
        del phone, code
