"""Uploads in parts (分段续传): begun, filled in any order, judged when whole.

A part is acknowledged once it is durable. The same part may come twice; another one under its
number is a conflict. An upload belongs to the institution that began it.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError

from openrhip.directory.service import RequestProof
from openrhip.formats.gm import sm3
from openrhip.kernel import clock, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound, NotVerified
from openrhip.kernel.parts import Parts
from openrhip.records.models import Upload
from openrhip.records.rules import DepositOutcome, UploadState, check_upload
from openrhip.records.service import depositing, vault

KEEP_UPLOADS = timedelta(days=7)


def begin_upload(
    *, institution: str, size: int, digest: str, media: str, request: RequestProof | None = None
) -> UploadState | DepositOutcome:
    """Begin, or find again, the upload of these bytes; the outcome if they are archived already."""
    check_upload(size=size, digest=digest, media=media)
    if done := depositing.archived(institution=institution, digest=digest):
        return done
    found = Upload.objects.filter(institution=institution, digest=digest).first()
    if found is None:
        try:
            with writing():
                found = Upload.objects.create(
                    id=ids.new_id(),
                    institution=institution,
                    digest=digest,
                    size=size,
                    media=media,
                    request_digest=request.digest if request else "",
                    begun_at=clock.now(),
                )
        except IntegrityError:
            found = Upload.objects.get(institution=institution, digest=digest)
    if found.size != size or found.media != media:
        raise Conflict("these bytes were announced with another size or kind", where="size")
    return _state(found)


def upload(*, institution: str, upload_id: str) -> UploadState:
    """What is there and what is missing. Raises NotFound."""
    return _state(_find(institution, upload_id))


def put_part(
    *, institution: str, upload_id: str, number: int, offset: int, digest: str, content: bytes
) -> UploadState:
    """Keep one part; durable on return. Raises Malformed, TooLarge, NotVerified, Conflict."""
    found = _find(institution, upload_id)
    _parts(found).put(number=number, offset=offset, digest=digest, content=content)
    if not Upload.objects.filter(pk=found.pk).exists():
        _parts(found).forget()
        raise NotFound("the upload has ended", where=upload_id)
    return _state(found)


def complete_upload(
    *, institution: str, upload_id: str, request: RequestProof | None = None
) -> DepositOutcome:
    """Judge the whole file: archive it or refuse it. The parts go either way.

    Raises Conflict while parts are missing, NotVerified if the whole differs from its digest.
    """
    found = _find(institution, upload_id)
    content = _whole(found)
    if len(content) != found.size or sm3.hexdigest(content) != found.digest:
        _forget(found)
        raise NotVerified(
            "the whole file differs from its digest", where="sm3", remedy="upload it again"
        )
    outcome = depositing.deposit(
        institution=institution,
        content=content,
        digest=found.digest,
        media=found.media,
        request=request,
    )
    _forget(found)
    return outcome


def sweep_uploads() -> int:
    """Forget uploads nobody has finished for a week; answers how many."""
    old = list(Upload.objects.filter(begun_at__lt=clock.now() - KEEP_UPLOADS)[:100])
    for row in old:
        _forget(row)
    return len(old)


def _find(institution: str, upload_id: str) -> Upload:
    if not ids.is_id(upload_id):
        raise Malformed("no id of an upload", where="upload")
    found = Upload.objects.filter(pk=upload_id, institution=institution).first()
    if found is None:
        raise NotFound(
            "no such upload: never begun, finished, or of another institution",
            where="upload",
            remedy="begin the upload again; what is archived is answered at once",
        )
    return found


def _state(row: Upload) -> UploadState:
    parts = _parts(row)
    return UploadState(
        id=row.id,
        size=row.size,
        digest=row.digest,
        missing=parts.missing(),
        received=tuple(part.number for part in parts.received()),
    )


def _whole(row: Upload) -> bytes:
    try:
        return b"".join(_parts(row).chunks())
    except NotFound as error:
        raise Conflict("the upload is being finished by another request") from error


def _forget(row: Upload) -> None:
    with writing():
        Upload.objects.filter(pk=row.pk).delete()
    _parts(row).forget()


def _parts(row: Upload) -> Parts:
    return Parts(vault.uploads_folder() / row.id, size=row.size)
