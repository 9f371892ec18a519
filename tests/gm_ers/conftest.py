"""Authorities of several generations, each with a timestamp authority and revocation lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from openrhip.formats.gm import certs, crl, digests, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.revocation import RevocationData
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel import clock

YEAR = timedelta(days=365)


def day(year, month=1, date=1):
    return datetime(year, month, date, 4, tzinfo=UTC)


@dataclass
class Generation:
    """A root and its timestamp authority, good from one year to another; lists last for a year."""

    since: int
    until: int
    name: str = ""
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    revoked: list = field(default_factory=list)

    def __post_init__(self):
        self.root = self.make("root", self.key, certs.ROOT, None)
        self.tsa = self.signer("tsa", certs.TIME_STAMPING)
        authority = tsp.Authority(self.tsa, algorithms=digests.OIDS)
        self.stamper = tsp.LocalTimestamper(authority)

    def make(self, title, holder, profile, issuer, until=None):
        return certs.issue(
            subject=[("C", "CN"), ("O", f"测试 {self.since}{self.name}"), ("CN", title)],
            public_key=holder.public_key,
            issuer=issuer,
            issuer_key=self.key,
            not_before=day(self.since),
            not_after=day(until or self.until),
            profile=profile,
        )

    def signer(self, title, profile=certs.SIGNING, until=None):
        key = PrivateKey.generate()
        return SoftwareSigner(key, self.make(title, key, profile, self.root, until))

    def list_of(self, at, lasts=YEAR):
        rows = [row for row in self.revoked if row.at <= at]
        return crl.issue(
            issuer=self.root, issuer_key=self.key, revoked=rows,
            this_update=at, next_update=at + lasts,
        )  # fmt: skip

    def data(self, at):
        return RevocationData((self.root,), (self.list_of(at),))

    def stamp_at(self, at, make):
        """What `make(stamper)` gives at the instant, with the data of that day in its token."""
        from openrhip.formats.gm.ers.building import with_material

        with clock.frozen(at):
            return with_material(make(self.stamper), self.data(at), in_token=True)


def trust_of(*generations, crls=()):
    return TrustStore([one.root for one in generations], crls)


def failed(report):
    return {finding.code for finding in report.all_findings() if not finding.ok}


@pytest.fixture(scope="session")
def first():
    return Generation(2026, 2031)


@pytest.fixture(scope="session")
def second():
    return Generation(2028, 2039)


@pytest.fixture(scope="session")
def third():
    return Generation(2035, 2055)


@pytest.fixture
def helpers():
    """What tests call by name: conftest is no module of theirs."""
    from types import SimpleNamespace

    return SimpleNamespace(day=day, trust_of=trust_of, failed=failed, Generation=Generation)
