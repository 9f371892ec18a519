"""A request whose maker is known: the site puts the actor on it before any view runs."""

from __future__ import annotations

from django.http import HttpRequest

from openrhip.directory.service import Actor


class AskedRequest(HttpRequest):
    """actor: a member of staff or a citizen; the routes' guards make sure that there is one.

    elder: the visitor chose 长辈版.
    """

    actor: Actor
    elder: bool
