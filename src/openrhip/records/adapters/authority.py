"""The archive's timestamp authority (时间戳机构): the one configured, or that of development."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from openrhip.formats.gm import digests, tsp
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.tsp import DigestTimestamper
from openrhip.kernel.config import current
from openrhip.kernel.errors import Misconfigured, Unavailable

_LARGEST = 1 << 20


def timestamper() -> DigestTimestamper:
    """By the setting `tsa_url`; without it the key in pki/tsa of the home folder, in development.

    Raises Misconfigured.
    """
    settings = current()
    if settings["tsa_url"]:
        return tsp.RemoteTimestamper(_poster(settings["tsa_url"]))
    folder = settings.home / "pki" / "tsa"
    if not settings.flag("development") or not (folder / "tsa.cert.pem").exists():
        raise Misconfigured(
            "no timestamp authority for the evidence of documents",
            where="tsa_url",
            remedy="set tsa_url to an authority of RFC 3161 that stamps SM3",
        )
    password = (folder.parent / "password").read_bytes().strip()
    signer = SoftwareSigner.load(folder, "tsa", password)
    return tsp.LocalTimestamper(tsp.Authority(signer, algorithms=digests.OIDS))


def _poster(url: str) -> Callable[[bytes], bytes]:
    def post(request: bytes) -> bytes:
        try:
            answer = httpx.post(
                url,
                content=request,
                headers={"Content-Type": tsp.REQUEST_TYPE},
                timeout=20,
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable("the timestamp authority does not answer", where=url) from error
        if len(answer.content) > _LARGEST:
            raise Unavailable("the timestamp authority answers at absurd length", where=url)
        return answer.content

    return post
