"""What is kept with each signature: gathered once an hour, and never in the way of signing."""

from datetime import UTC, datetime, timedelta

import pytest

from openrhip.agent import keeping
from openrhip.agent.keeping import Keeper
from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel import clock
from openrhip.kernel.errors import Unavailable

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Stamper:
    """Counts what it is asked."""

    def __init__(self, inner):
        self.inner, self.asked, self.down = inner, 0, False

    def stamp(self, data, /):
        self.asked += 1
        if self.down:
            raise Unavailable("no answer")
        return self.inner.stamp(data)


@pytest.fixture
def node(tmp_path):
    with clock.frozen(NOW):
        devpki.create(tmp_path, institutions=[devpki.DevInstitution("H1", "医院")],
                      staff=[devpki.DevStaff("D1", "甲", "H1"), devpki.DevStaff("D2", "乙", "H1")], password=b"x")  # fmt: skip
    load = SoftwareSigner.load
    hospital = load(tmp_path / "institutions", "H1", b"x")
    maker = Certificate.from_pem((tmp_path / "maker" / "maker.cert.pem").read_bytes())
    stamper = Stamper(tsp.LocalTimestamper(tsp.Authority(load(tmp_path / "tsa", "tsa", b"x"))))
    authors = [load(tmp_path / "staff", name, b"x") for name in ("D1", "D2")]
    return tmp_path, Keeper(tmp_path / "trust", (hospital,), (maker,)), stamper, authors


def names(data):
    return {one.common_name for one in data.certificates}


def test_everyone_concerned_is_in_it_and_asked_for_once(node):
    _, keeper, stamper, (first, second) = node
    with clock.frozen(NOW):
        found = keeper.of(first, stamper)
        assert names(found) >= {"甲", "医院", "电子印章制章人", "时间戳服务"}
        assert found.complete
        assert keeper.of(first, stamper) is found
        assert "乙" in names(keeper.of(second, stamper))
        assert "甲" not in names(keeper.of(None, stamper))
    assert stamper.asked == 1
    with clock.frozen(NOW + timedelta(hours=1)):
        assert keeper.of(first, stamper) is not found
    assert stamper.asked == 2


def test_what_is_not_known_or_too_long_is_not_kept(node, monkeypatch):
    folder, keeper, stamper, (author, _) = node
    with clock.frozen(NOW):
        monkeypatch.setattr(keeping, "LARGEST", 1000)
        assert keeper.of(author, stamper) is None
    monkeypatch.undo()
    (folder / "trust" / "issuing.crl.pem").unlink()
    with clock.frozen(NOW + timedelta(hours=2)):
        assert keeper.of(author, stamper) is None


def test_a_failing_authority_or_folder_is_tried_again(node):
    folder, keeper, stamper, (author, _) = node
    with clock.frozen(NOW):
        stamper.down = True
        assert keeper.of(author, stamper) is None
        stamper.down = False
        (folder / "trust").rename(folder / "away")
        assert keeper.of(author, stamper) is None
        (folder / "away").rename(folder / "trust")
        assert keeper.of(author, stamper) is not None
