"""What is kept with each signature for later judges (长期验证材料): chains and revocation lists.

Gathered from the node's trust folder once an hour and for each author, not for each document.
Nothing is asked of the network, and nothing here ever stops the signing: where something is not
known, or the lists are too long to travel in every document, the document is signed without, and
the centre's nightly evidence keeps them once for all.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from openrhip.formats.gm import revocation, tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.revocation import RevocationData
from openrhip.formats.gm.signer import Signer
from openrhip.kernel import clock
from openrhip.kernel.errors import Problem

LARGEST = 64 * 1024
_LIFETIME = timedelta(hours=1)
_MOST = 1000
_PROBE = b"openrhip: whose timestamps are these?"


class Keeper:
    """Revocation data of those who sign here."""

    def __init__(
        self, trust: Path, standing: tuple[Signer, ...], others: tuple[Certificate, ...]
    ) -> None:
        """standing: signers of every document; others: certificates that count in it too."""
        self._trust = trust
        self._standing = standing
        self._others = others
        self._known: dict[str, RevocationData | None] = {}
        self._since: datetime | None = None
        self._stampers: tuple[Certificate, ...] = ()

    def of(self, author: Signer | None, timestamper: tsp.Timestamper) -> RevocationData | None:
        """What to keep with a document of this author; None if it is not complete or too long.

        A trust folder or timestamp authority that fails now is tried again with the next document.
        """
        now = clock.now()
        if self._since is None or not timedelta() <= now - self._since < _LIFETIME:
            self._known, self._since, self._stampers = {}, now, ()
        name = author.certificate.fingerprint if author else ""
        if name not in self._known:
            if len(self._known) >= _MOST:
                self._known = {}
            try:
                self._known[name] = self._gathered(author, timestamper)
            except Problem:
                return None
        return self._known[name]

    def _gathered(
        self, author: Signer | None, timestamper: tsp.Timestamper
    ) -> RevocationData | None:
        store = TrustStore.load_folder(self._trust)
        self._stampers = self._stampers or _whose(timestamper)
        signers = (*self._standing, *((author,) if author else ()))
        leaves = (*(one.certificate for one in signers), *self._others, *self._stampers)
        issuers = [issuer for one in signers for issuer in one.chain]
        found = revocation.collect(leaves, store, intermediates=(*issuers, *self._stampers))
        return found if found.complete and len(found.encode()) <= LARGEST else None


def _whose(timestamper: tsp.Timestamper) -> tuple[Certificate, ...]:
    """The certificates in the authority's tokens, its own first: one stamp tells."""
    signed, _ = tsp.open_token(timestamper.stamp(_PROBE))
    own = signed.signers[0].find(signed.certificates)
    others = tuple(one for one in signed.certificates if one != own)
    return ((own,) if own else ()) + others
