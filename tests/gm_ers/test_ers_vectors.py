"""Records that were written once are read and judged the same way ever after."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from openrhip.formats.gm import certs, ers
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.ers.policy import Policy

VECTORS = Path(__file__).parents[1] / "vectors" / "ers"
DOCUMENT = (VECTORS / "document").read_bytes()
TRUST = TrustStore(certs.load_all((VECTORS / "roots.pem").read_bytes()))
RECORDS = [
    ("2026.ers", datetime(2026, 6, 1, tzinfo=UTC), 1),
    ("2029-renewed.ers", datetime(2029, 6, 1, tzinfo=UTC), 2),
    ("2036-renewed.ers", datetime(2036, 6, 1, tzinfo=UTC), 3),
    ("2040-rehashed.ers", datetime(2040, 6, 1, tzinfo=UTC), 4),
    ("2049-exported.ers", datetime(2050, 1, 1, tzinfo=UTC), 4),
]


@pytest.mark.parametrize(("name", "at", "stamps"), RECORDS, ids=[row[0] for row in RECORDS])
def test_a_kept_record_holds(name, at, stamps):
    data = (VECTORS / name).read_bytes()
    report = ers.verify(data, [DOCUMENT], trust=TRUST, at=at, policy=Policy.parse("sm3=2042-01-01"))
    assert report.ok, [one for one in report.all_findings() if not one.ok]
    assert report.proven == datetime(2026, 1, 1, 4, tzinfo=UTC)
    assert len(report.stamps) == stamps
    assert ers.read(data).encoded == data
    other = ers.verify(data, [b"another"], trust=TRUST, at=at)
    assert "ers.document" in {one.code for one in other.all_findings() if not one.ok}
