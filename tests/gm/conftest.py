"""A small authority in memory, at a fixed instant, and the openssl command."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from openrhip.formats.gm import certs, crl, oids
from openrhip.formats.gm.certs import Certificate, Profile
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = 365 * DAY


@dataclass
class Authority:
    """Root, issuing authority, lists; `enrol` makes leaves, `signer` whole signers."""

    root_key: PrivateKey = field(default_factory=PrivateKey.generate)
    key: PrivateKey = field(default_factory=PrivateKey.generate)

    def __post_init__(self):
        self.root = self.make("root", self.root_key, certs.ROOT, issuer=None, key=self.root_key)
        self.issuing = self.make(
            "issuing", self.key, certs.ISSUING, issuer=self.root, key=self.root_key
        )

    def make(self, name, holder, profile, *, issuer, key, since=-DAY, until=10 * YEAR, extra=()):
        return certs.issue(
            subject=[("C", "CN"), ("O", "测试机构"), ("CN", name)],
            public_key=holder.public_key,
            issuer=issuer,
            issuer_key=key,
            not_before=NOON + since,
            not_after=NOON + until,
            profile=profile,
            extra=extra,
        )

    def enrol(self, name="leaf", profile: Profile = certs.SIGNING, **more) -> SoftwareSigner:
        holder = PrivateKey.generate()
        made = self.make(name, holder, profile, issuer=self.issuing, key=self.key, **more)
        return SoftwareSigner(holder, made, (self.issuing,))

    def list_of(self, *revoked, issuer=None, key=None, since=-DAY, until=YEAR, **more):
        return crl.issue(
            issuer=issuer or self.issuing,
            issuer_key=key or self.key,
            revoked=revoked,
            this_update=NOON + since,
            next_update=NOON + until,
            **more,
        )

    def root_list(self, *revoked):
        return self.list_of(*revoked, issuer=self.root, key=self.root_key)

    def trust(self, *lists) -> TrustStore:
        return TrustStore([self.root], lists or (self.list_of(), self.root_list()))


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def leaf(authority: Authority) -> SoftwareSigner:
    return authority.enrol()


@pytest.fixture(scope="session")
def stamper(authority: Authority) -> SoftwareSigner:
    return authority.enrol("tsa", certs.TIME_STAMPING)


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON


@pytest.fixture
def openssl(tmp_path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the openssl command in a fresh folder; its files are written with `put`."""

    def run(*arguments: str, check: bool = True, stdin: bytes = b""):
        done = subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, input=stdin, capture_output=True, check=False
        )
        if check:
            assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done

    return run


@pytest.fixture
def distid() -> str:
    return "distid:1234567812345678"


@pytest.fixture
def tsa_extended() -> tuple[str, ...]:
    return (oids.EKU_TIME_STAMPING,)


@pytest.fixture(scope="session")
def wrong_ca(authority: Authority) -> Certificate:
    """Same name as the issuing authority, another key."""
    other = PrivateKey.generate()
    return authority.make("issuing", other, certs.ISSUING, issuer=None, key=other)
