"""Searching on behalf of somebody (代为检索): what the policies let them know of, and no more.

Who asks and why is settled before anybody is looked up; every search is counted, found or not, so
that nobody tries out numbers to learn who is known here.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from openrhip.directory import service as directory
from openrhip.directory.service import Action, Actor, Purpose, RequestProof
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Refused
from openrhip.records.models import Document, Lookup
from openrhip.records.rules import PAGE_SIZE, DocumentSummary, Page, TooMany
from openrhip.records.service import finding
from openrhip.records.service.deeds import DisclosureRefused
from openrhip.records.service.disclosing import declare_emergency

SPAN = timedelta(hours=1)
MOST_OF_INSTITUTION = 3000  # searches within SPAN
MOST_OF_ACTOR = 120


def look_up(
    *,
    who: Actor,
    purpose: Purpose,
    name: str | None = None,
    birth_date: date | None = None,
    id_number: str | None = None,
    health_card: str | None = None,
    emergency_reason: str | None = None,
    request: RequestProof | None = None,
    page: int = 1,
    **wanted: Any,
) -> Page[DocumentSummary]:
    """Documents of the one patient that fits these particulars, as `search_for`.

    Nobody, several, or nothing that may be known: the answer is the same. Raises TooMany, Refused
    (an emergency without reason or second factor), Malformed, Unavailable.
    """
    _check_rate(who)
    if purpose is Purpose.EMERGENCY and not (emergency_reason and who.second_factor):
        raise Refused(
            "an emergency needs a reason and the clinician's own signature",
            where="X-RHIP-Emergency-Reason",
            remedy="state the patient's condition, and sign the request with the clinician's key",
        )
    people = directory.find_people(
        name=name, birth_date=birth_date, id_number=id_number, health_card=health_card, limit=2
    )
    with writing():
        Lookup.objects.create(
            institution=who.institution_code,
            actor=who.reference[:64],
            purpose=purpose.value,
            found=len(people) == 1,
            at=clock.now(),
        )
    nothing: Page[DocumentSummary] = Page([], page, PAGE_SIZE, 0)
    if len(people) != 1:
        return nothing
    try:
        return search_for(
            who=who,
            purpose=purpose,
            person_id=people[0].person_id,
            emergency_reason=emergency_reason,
            request=request,
            page=page,
            **wanted,
        )
    except DisclosureRefused:
        return nothing  # entered by now; a refusal here would tell that the patient is known


def search_for(
    *,
    who: Actor,
    purpose: Purpose,
    person_id: str,
    emergency_reason: str | None = None,
    request: RequestProof | None = None,
    page: int = 1,
    **wanted: Any,
) -> Page[DocumentSummary]:
    """As `search`, but only what the policies let this actor know of for this purpose.

    An emergency is declared first: `declare_emergency`. total counts the documents of this page
    that may be known; a page may be short. Raises DisclosureRefused, NotFound, Unavailable.
    """
    if purpose is Purpose.EMERGENCY:
        declare_emergency(
            who=who, person_id=person_id, reason=emergency_reason or "", request=request
        )
    found = finding.search(person_id=person_id, page=page, **wanted)
    rows = {row.pk: row for row in Document.objects.filter(pk__in=[one.id for one in found.items])}
    known = [
        one
        for one in found.items
        if directory.decide(
            who=who,
            whose=one.person_id,
            document=finding.facts_of(rows[one.id]),
            purpose=purpose,
            emergency_reason=emergency_reason,
            action=Action.LIST,
        ).allowed
    ]
    return Page(known, page, found.size, len(known))


def _check_rate(who: Actor) -> None:
    since = clock.now() - SPAN
    recent = Lookup.objects.filter(at__gt=since)
    if (
        recent.filter(actor=who.reference[:64]).count() >= MOST_OF_ACTOR
        or recent.filter(institution=who.institution_code).count() >= MOST_OF_INSTITUTION
    ):
        raise TooMany("too many searches within an hour", remedy="search again later")
