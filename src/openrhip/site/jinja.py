"""The template environment (模板环境): NHS.UK components, gettext, links, static files."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import translation
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader

from openrhip.kernel.errors import Misconfigured
from openrhip.site.formats import city_date, city_time, size_text


@cache
def asset(name: str) -> str:
    """The address of a static file, with its content's digest so that a new version is fetched."""
    found = finders.find(name)
    if not found:
        raise Misconfigured("a static file of the pages is missing", where=name)
    digest = hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def link(name: str, *args: object, **kwargs: object) -> str:
    """The address of a page by the name of its route."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def environment(**options: Any) -> Environment:
    loader = ChoiceLoader([options.pop("loader"), PackageLoader("nhsuk_frontend_jinja")])
    for decided in ("autoescape", "undefined"):
        options.pop(decided, None)
    made = Environment(
        **options,
        loader=loader,
        autoescape=True,
        undefined=ChainableUndefined,  # NHS.UK's components walk optional parameters
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=translation.gettext, ngettext=translation.ngettext, newstyle=True
    )
    made.globals.update(asset=asset, link=link)
    made.filters.update(day=city_date, moment=city_time, bytes=size_text)
    return made
