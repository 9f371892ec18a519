"""A sealed file from 2026 judged in 2050 by its evidence record, with the command (ofd verify)."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from openrhip.formats import ofd
from openrhip.formats.gm import crl, devpki, tsp
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.ofd import cli as commands
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotVerified, Problem

PASSWORD = b"test"
GENERATIONS = (2026, 2029, 2036, 2045)


def day(year, month=2, date=1):
    return datetime(year, month, date, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """An authority for each generation, and one trust folder with what is known of all in 2050."""
    folder = tmp_path_factory.mktemp("generations")
    trust = folder / "trust"
    (trust / "makers").mkdir(parents=True)
    for year in GENERATIONS:
        home = folder / str(year)
        with clock.frozen(day(year, 1)):
            devpki.create(
                home,
                institutions=[devpki.DevInstitution("H1", "示范医院")],
                staff=[devpki.DevStaff("D1", "医生", "H1")],
                password=PASSWORD,
            )
        (home / "password").write_bytes(PASSWORD)
        shutil.copy(home / "trust" / "root.cert.pem", trust / f"{year}.cert.pem")
    shutil.copy(folder / "2026" / "trust" / "makers" / "maker.cert.pem", trust / "makers")
    for name in ("root", "issuing"):  # lists of the last generation alone are current
        shutil.copy(folder / "2045" / "trust" / f"{name}.crl.pem", trust)
    return folder


@pytest.fixture(scope="module")
def sealed(pki):
    home = pki / "2026"

    def signer(kind, name):
        return SoftwareSigner.load(home / kind, name, PASSWORD)

    with clock.frozen(day(2026)):
        tsa = tsp.LocalTimestamper(tsp.Authority(signer("tsa", "tsa")))
        own = signer("institutions", "H1")
        seal = ofd.Seal.create(
            name="示范医院", owners=[own.certificate], maker=signer("maker", "maker")
        )
        story = ofd.Story(
            title="出院小结", metadata=ofd.Metadata(), blocks=[ofd.Paragraph("一份病历。")]
        )
        data = ofd.sign(ofd.write(story), signer=signer("staff", "D1"), timestamper=tsa)
        return ofd.seal(data, seal=seal, signer=own, timestamper=tsa)


@pytest.fixture(scope="module")
def run(pki):
    def call(year, *words, code=0):
        arguments = [str(word).format(pki=pki) for word in words]
        with clock.frozen(day(year)):
            result = CliRunner().invoke(commands.cli, arguments)
        if isinstance(result.exception, Problem):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return call


@pytest.fixture(scope="module")
def life(pki, sealed, run):
    """The file and its records: 2026, renewed 2029 and 2036, re-hashed 2040, renewed 2045."""
    (pki / "file.ofd").write_bytes(sealed)
    by = {year: ("--tsa", f"{{pki}}/{year}/tsa/tsa", "--trust", f"{{pki}}/{year}/trust")
          for year in GENERATIONS}  # fmt: skip

    def keep(year, name, *words):
        run(year, "evidence", *words, "-o", f"{{pki}}/{name}.ers")
        return pki / f"{name}.ers"

    # the older authority's lists are put into the older token before it is covered
    both = {}
    for older, newer in ((2026, 2029), (2029, 2036), (2036, 2045)):
        both[newer] = pki / f"both-{newer}"
        shutil.copytree(pki / str(newer) / "trust", both[newer])
        for name in ("root.cert", "root.crl", "issuing.crl"):
            shutil.copy(pki / str(older) / "trust" / f"{name}.pem", both[newer] / f"old{name}.pem")

    def both_by(year):
        return ("--tsa", f"{{pki}}/{year}/tsa/tsa", "--trust", both[year])

    keep(2026, "first", "make", "{pki}/file.ofd", *by[2026])
    keep(2029, "second", "renew", "{pki}/first.ers", *both_by(2029))
    keep(2036, "third", "renew", "{pki}/second.ers", *both_by(2036))
    keep(2040, "rehashed", "rehash", "{pki}/third.ers", "{pki}/file.ofd",
         "--algorithm", "sha3-256", *by[2036])  # fmt: skip
    keep(2045, "last", "renew", "{pki}/rehashed.ers", *both_by(2045))
    return pki


VERIFY = ("verify", "{pki}/file.ofd", "--trust", "{pki}/trust", "--at", "2050-01-01T00:00:00Z")


def codes(text):
    found = json.loads(text)
    rows = [*found["findings"], *found["evidence"]["findings"]]
    rows += [one for part in found["signatures"] for one in part["findings"]]
    rows += [one for part in found["evidence"]["stamps"] for one in part["findings"]]
    return {one["code"] for one in rows if not one["ok"]}


def test_in_2050_the_record_carries_everything(life, run):
    text = run(
        2050, *VERIFY, "--evidence", "{pki}/last.ers", "--algorithm-end", "sm3=2042-01-01", "--json"
    )
    found = json.loads(text)
    assert found["verdict"] == "valid"
    assert found["evidence"]["proven"].startswith("2026-02-01")
    assert [one["verdict"] for one in found["signatures"]] == ["valid", "valid"]
    assert [one["chain"] for one in found["evidence"]["stamps"]] == [1, 1, 1, 2, 2]


def test_in_2050_without_the_record_nothing_holds(life, run):
    found = json.loads(run(2050, *VERIFY, "--json", code=4))
    assert found["verdict"] != "valid"


def test_in_words(life, run):
    text = run(2050, *VERIFY, "--evidence", "{pki}/last.ers")
    assert text.startswith("evidence: valid as of 2050-01-01")
    assert "existence proven at 2026-02-01" in text
    assert text.endswith("both evidence and signatures hold\n")
    shown = run(2050, "evidence", "show", "{pki}/last.ers")
    assert len(shown.splitlines()) == 5
    assert "sha3_256" in shown
    rows = json.loads(run(2050, "evidence", "show", "{pki}/last.ers", "--json"))["timestamps"]
    assert [row["chain"] for row in rows] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("name", ["first", "second", "third", "rehashed"])
def test_a_renewal_that_was_left_out(life, run, name):
    text = run(2050, *VERIFY, "--evidence", f"{{pki}}/{name}.ers", "--json", code=4)
    assert "ers.renewal" in codes(text)


def test_no_new_algorithm_in_time(life, run):
    text = run(
        2050, *VERIFY, "--evidence", "{pki}/last.ers", "--algorithm-end", "sm3=2039-01-01",
        "--json", code=4,
    )  # fmt: skip
    assert codes(text) == {"ers.algorithm"}


def test_a_changed_file(life, run):
    story = ofd.Story(
        title="出院小结", metadata=ofd.Metadata(), blocks=[ofd.Paragraph("另一份病历。")]
    )
    (life / "changed.ofd").write_bytes(ofd.write(story))
    words = [word.replace("file.ofd", "changed.ofd") for word in VERIFY]
    said = run(2050, *words, "--evidence", "{pki}/last.ers", code=4)
    assert "together: invalid" in said
    text = run(2050, *words, "--evidence", "{pki}/last.ers", "--json", code=4)
    assert codes(text) >= {"ers.document", "ers.rehash"}


def test_a_rehash_of_another_file_or_by_the_same_digest_is_refused(life, run):
    (life / "other.ofd").write_bytes(b"another file")
    tail = ("-o", "{pki}/no.ers", "--tsa", "{pki}/2036/tsa/tsa", "--trust", "{pki}/2036/trust")
    for record, name in (("third", "sha3-256"), ("last", "sha512")):
        words = ("evidence", "rehash", f"{{pki}}/{record}.ers", "{pki}/other.ofd")
        with pytest.raises(NotVerified, match="not of this file"):
            run(2040, *words, "--algorithm", name, *tail)
    with pytest.raises(Conflict):
        run(2040, "evidence", "rehash", "{pki}/third.ers", "{pki}/file.ofd", *tail)


def test_a_changed_node(life, run):
    data = bytearray((life / "last.ers").read_bytes())
    at = data.rindex(bytes.fromhex("0420"))  # a digest inside the newest token
    data[at + 5] ^= 1
    (life / "broken.ers").write_bytes(bytes(data))
    text = run(2050, *VERIFY, "--evidence", "{pki}/broken.ers", "--json", code=4)
    assert codes(text)


def test_an_authority_is_needed(life, run):
    with pytest.raises(Malformed):
        run(2026, "evidence", "make", "{pki}/file.ofd", "-o", "{pki}/x.ers",
            "--trust", "{pki}/trust")  # fmt: skip


def test_evidence_that_came_after_the_end_of_an_algorithm(life, run):
    """A new digest over a file whose own signatures were forgeable by then proves nothing."""
    run(2029, "evidence", "make", "{pki}/file.ofd", "-o", "{pki}/late.ers", "--algorithm",
        "sha3-256", "--tsa", "{pki}/2029/tsa/tsa", "--trust", "{pki}/2029/trust")  # fmt: skip
    words = ("verify", "{pki}/file.ofd", "--evidence", "{pki}/late.ers", "--trust", "{pki}/trust",
             "--algorithm-end", "sm3=2028-01-01")  # fmt: skip
    found = json.loads(run(2029, *words, "--json", code=4))
    assert {one["code"] for one in found["algorithms"] if not one["ok"]} == {"ofd.algorithm-aged"}
    assert found["verdict"] == "invalid"
    assert "FAIL" in run(2029, *words, code=4)


def test_a_key_that_was_lost_after_the_evidence(life, run):
    """The authority that stamped the signatures loses its key in 2033: the record is older."""
    home = life / "2026"
    issuing = SoftwareSigner.load(home / "ca", "issuing", PASSWORD)
    tsa = SoftwareSigner.load(home / "tsa", "tsa", PASSWORD).certificate
    lost = crl.issue(
        issuer=issuing.certificate,
        issuer_key=issuing,
        revoked=[crl.Revocation(tsa.serial, day(2033), "keyCompromise")],
        this_update=day(2034),
        next_update=day(2051),
        number=9,
    )
    shutil.copytree(life / "trust", life / "lost")
    (life / "lost" / "lost.crl.pem").write_bytes(lost.pem())
    words = ("verify", "{pki}/file.ofd", "--trust", "{pki}/lost", "--json")
    kept = ("--evidence", "{pki}/last.ers", "--at", "2050-01-01T00:00:00Z")
    assert json.loads(run(2050, *words, *kept))["verdict"] == "valid"
    found = json.loads(run(2034, *words, "--at", "2034-06-01T00:00:00Z", code=4))
    assert "tsp.compromised" in {
        one["code"] for part in found["signatures"] for one in part["findings"] if not one["ok"]
    }
