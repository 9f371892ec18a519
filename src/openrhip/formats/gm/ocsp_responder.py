"""A small status service (OCSP 服务): answers from an authority's revocation list.

For development, tests, and platforms that run an authority of their own. It answers for one
authority; the signer is that authority, or one whom it named for this (id-kp-OCSPSigning).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from openrhip.formats.gm import ocsp, oids
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.signer import Signer
from openrhip.kernel import clock
from openrhip.kernel.errors import Misconfigured, Problem


class Responder:
    """Answers requests about certificates of `issuer`."""

    def __init__(
        self,
        signer: Signer,
        issuer: Certificate,
        revoked: Callable[[], Crl],
        *,
        serials: Collection[int] | None = None,
        lifetime: timedelta = timedelta(hours=12),
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """revoked: the current list; serials: of certificates that exist (others are unknown).

        Raises Misconfigured for a signer that may not answer for the issuer.
        """
        own = signer.certificate
        named = oids.EKU_OCSP_SIGNING in own.extended_key_usage and own.signed_by(issuer)
        if own != issuer and not named:
            raise Misconfigured("this signer may not answer for the authority (RFC 6960 4.2.2.2)")
        self.issuer = issuer
        self._signer = signer
        self._revoked = revoked
        self._serials = serials
        self._lifetime = lifetime
        self._now = now

    def respond(self, request_der: bytes) -> bytes:
        """OCSPResponse for OCSPRequest. A bad request gets a refusal, never an exception."""
        try:
            request = ocsp.read_request(request_der)
        except Problem:
            return ocsp.refusal(ocsp.MALFORMED_REQUEST)
        if not all(question.issued_by(self.issuer) for question in request.questions):
            return ocsp.refusal(ocsp.UNAUTHORIZED)
        try:
            return self._answer(request).response()
        except Problem:
            return ocsp.refusal(ocsp.INTERNAL_ERROR)

    def _answer(self, request: ocsp.Request) -> ocsp.Answer:
        now, revoked = self._now(), self._revoked()
        if not revoked.signed_by(self.issuer):
            raise Misconfigured("the list is not that of the authority")
        own = self._signer.certificate
        return ocsp.issue(
            [self._status(question, revoked, now) for question in request.questions],
            responder=own,
            key=self._signer,
            produced_at=now,
            nonce=request.nonce,
            certificates=() if own == self.issuer else (own,),
        )

    def _status(self, question: ocsp.CertId, revoked: Crl, now: datetime) -> ocsp.Status:
        entry = revoked.revoked.get(question.serial)
        exists = self._serials is None or question.serial in self._serials
        state = ocsp.REVOKED if entry else ocsp.GOOD if exists else ocsp.UNKNOWN
        return ocsp.Status(question, state, now, now + self._lifetime, entry)
