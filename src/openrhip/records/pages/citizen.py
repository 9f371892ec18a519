"""The citizen's portal (居民门户): my records, open one, who has looked, notices, downloads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.paging import page_number, pages_of
from openrhip.directory.service import Purpose, same_person_ids
from openrhip.formats import ofd
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound, Refused
from openrhip.records import service as records
from openrhip.records.pages import viewer
from openrhip.records.pages.present import access_row, document_row, visits
from openrhip.records.pages.proof import proof_lines
from openrhip.records.pages.words import kind_text
from openrhip.records.service import Deed

_PER_PAGE = 20


class FilterForm(forms.Form):
    """Kind of document and how far back."""

    kind = forms.ChoiceField(label=gettext_lazy("种类"), required=False)
    span = forms.ChoiceField(
        label=gettext_lazy("时间"),
        required=False,
        choices=[
            ("", gettext_lazy("全部时间")),
            ("90", gettext_lazy("最近三个月")),
            ("365", gettext_lazy("最近一年")),
            ("1095", gettext_lazy("最近三年")),
        ],
    )

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", _("全部种类")), *((code, kind_text(code)) for code in kinds)]


@require_safe
def my_records(request: AskedRequest) -> HttpResponse:
    """All of one's records, newest first, grouped by visit."""
    person = request.actor.person_id
    form = FilterForm(request.GET or None, kinds=_kinds(person))
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
    span = chosen.get("span")
    page = records.search(
        person_id=person,
        kind=chosen.get("kind") or None,
        since=clock.now() - timedelta(days=int(span)) if span else None,
        page=page_number(request),
        size=_PER_PAGE,
    )
    notices = [item for item in records.accesses_of(person, size=50).items if item.emergency]
    recent = [item for item in notices if clock.now() - item.asked_at < timedelta(days=30)]
    context = {
        "form": form,
        "visits": visits(page.items),
        "paging": pages_of(request, page),
        "filtered": bool(chosen.get("kind") or span),
        "notices": len(recent),
    }
    return render(request, "records/my_records.jinja", context)


@require_POST
def open_record(request: AskedRequest, document_id: str) -> HttpResponse:
    """Ask for one's own record: it is entered in the ledger like any other look."""
    _own(request, document_id)
    made = records.disclose(
        who=request.actor, document_id=document_id, purpose=Purpose.OWN_ACCESS, deed=Deed.READ
    )
    return redirect("my-reading", document_id, made.access_id)


@require_safe
def reading(request: AskedRequest, document_id: str, access_id: str) -> HttpResponse:
    """The record itself: pictures of its pages, their text, its versions, downloads."""
    _own(request, document_id)
    try:
        made = viewer.opened(access_id=access_id, document_id=document_id, who=request.actor)
    except Refused:
        context: dict[str, Any] = {"document": document_row(records.document(document_id))}
        return render(request, "records/reading_lapsed.jinja", context)
    content = made.content()
    chapters = viewer.chapters(viewer.source_of(content))
    in_words = request.GET.get("as", "words" if request.elder else "pages") == "words"
    context = {
        "document": document_row(made.document),
        "access_id": access_id,
        "leaves": viewer.leaves(content),
        "chapters": chapters,
        "in_words": in_words and bool(chapters),
        "versions": [document_row(item) for item in records.versions(document_id)],
        "entry": made.receipt.index,
    }
    return render(request, "records/my_reading.jinja", context)


@require_safe
def page_picture(
    request: AskedRequest, document_id: str, access_id: str, number: int
) -> HttpResponse:
    """One page as a picture, for whoever opened the record: citizen or clinician."""
    made = viewer.opened(access_id=access_id, document_id=document_id, who=request.actor)
    return viewer.picture(made, number)


@require_POST
def download(request: AskedRequest, document_id: str, form: str) -> HttpResponse:
    """Take the sealed file, a PDF copy, or the bundle with proofs; each is entered as an export."""
    _own(request, document_id)
    if form not in {"bundle", "pdf", "ofd"}:
        raise NotFound("no such form of a record")
    if form == "bundle":
        made_bundle = records.export_bundle(
            who=request.actor, document_id=document_id, purpose=Purpose.OWN_ACCESS
        )
        return viewer.attachment(
            made_bundle.content, media_type="application/zip", name=made_bundle.name
        )
    made = records.disclose(
        who=request.actor, document_id=document_id, purpose=Purpose.OWN_ACCESS, deed=Deed.EXPORT
    )
    name = f"record-{document_id[:8]}"
    if form == "pdf":
        copy = ofd.render.to_pdf(made.content(), watermark=made.watermark)
        return viewer.attachment(copy, media_type="application/pdf", name=f"{name}.pdf")
    return viewer.attachment(made.content(), media_type="application/ofd", name=f"{name}.ofd")


@require_safe
def my_accesses(request: AskedRequest) -> HttpResponse:
    """Who has looked at my records, or tried to."""
    everyone = request.GET.get("who") == "all"
    page = records.accesses_of(
        request.actor.person_id,
        page=page_number(request),
        size=_PER_PAGE,
        others=not everyone,
    )
    own = _ids(request)
    context = {
        "everyone": everyone,
        "rows": [access_row(item, reader=own) for item in page.items],
        "paging": pages_of(request, page),
    }
    return render(request, "records/my_accesses.jinja", context)


@require_safe
def my_access(request: AskedRequest, access_id: str) -> HttpResponse:
    """One look with its proof, verified here and now."""
    proof = records.access_proof(access_id, person_id=request.actor.person_id)
    context = {
        "row": access_row(proof.access, reader=_ids(request)),
        "findings": proof_lines(proof),
        "receipt": proof.receipt,
    }
    return render(request, "records/my_access.jinja", context)


@require_safe
def my_access_proof(request: AskedRequest, access_id: str) -> HttpResponse:
    """The proof as a file that anyone can check without the platform."""
    from openrhip.kernel.canonical import canonical_json  # noqa: PLC0415 - used here alone

    proof = records.access_proof(access_id, person_id=request.actor.person_id)
    body = canonical_json(
        {
            "leaf": proof.access.leaf,
            "receipt": proof.receipt,
            "salt": proof.salt,
            "opened": proof.opened,
            "log_key": proof.log_key,
        }
    )
    name = f"access-{access_id[:8]}.json"
    return viewer.attachment(body, media_type="application/json", name=name)


@require_safe
def my_notices(request: AskedRequest) -> HttpResponse:
    """Emergency accesses: someone opened a record without asking, and said why."""
    own = _ids(request)
    rows = [
        access_row(item, reader=own)
        for item in records.accesses_of(request.actor.person_id, size=100).items
        if item.emergency and item.allowed
    ]
    return render(request, "records/my_notices.jinja", {"rows": rows})


def _ids(request: AskedRequest) -> tuple[str, ...]:
    """Every entry of the reader: before a merge they may have read under another."""
    return same_person_ids(request.actor.person_id)


def _own(request: AskedRequest, document_id: str) -> None:
    """A record of somebody else does not exist here."""
    found = records.document(document_id)
    if found.person_id not in same_person_ids(request.actor.person_id):
        raise NotFound("no such document")


def _kinds(person: str) -> list[str]:
    """Kinds this person has records of."""
    return sorted({item.kind for item in records.search(person_id=person, size=100).items})
