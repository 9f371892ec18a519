"""Addresses of the machine API; the site mounts them under `api/records/`.

Documents are asked for most: their address goes past the framework's parsing of parameters, of
which it has none, to the same function that the API's description names.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path

from openrhip.directory.api.door import Signed
from openrhip.records.api.routes import api, document

_signed = Signed(keep_nonce=True)


def document_at_once(request: HttpRequest, document_id: str) -> HttpResponse:
    """`document` without a detour. Problems are answered by `Express`."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    request.auth = _signed(request)  # type: ignore[attr-defined]
    answer: HttpResponse = document(request, document_id)
    return answer


urlpatterns = [path("documents/<str:document_id>", document_at_once), path("", api.urls)]
