"""`openrhip verify` works without the platform; `openrhip records` on it."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from openrhip.directory.service import Actor, Purpose
from openrhip.kernel import config
from openrhip.kernel.errors import NotVerified
from openrhip.records import bundle, service
from openrhip.records.cli import cli, verify


@pytest.fixture
def archived(centre, jinling, summary_v1):
    return service.deposit(institution=jinling, content=summary_v1).number


@pytest.fixture
def bundle_file(archived, tmp_path):
    person = service.document(archived).person_id
    made = service.export_bundle(
        who=Actor.citizen(person), document_id=archived, purpose=Purpose.OWN_ACCESS
    )
    path = tmp_path / made.name
    path.write_bytes(made.content)
    return path


def run(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_a_bundle_is_verified_and_explained(bundle_file, centre, pki):
    key = bundle_file.with_name("log.key")
    key.write_text(f"{centre.ledger.key()}\n")
    answer = run(verify, bundle_file, "--trust", pki.folder / "trust", "--log-key", key)
    assert answer.exit_code == 0, answer.output
    assert "成立 holds" in answer.output
    assert "!" not in answer.output
    content = json.loads(run(verify, bundle_file, "--trust-inside", "--json").output)
    assert content["ok"]
    assert len(content["notes"]) == 2


@pytest.mark.parametrize("given", [(), ("--trust",), ("--log-key",)])
def test_a_bundle_does_not_hold_on_its_own_word(bundle_file, centre, pki, given, monkeypatch):
    monkeypatch.delenv("OPENRHIP_HOME", raising=False)
    own = {"--trust": pki.folder / "trust", "--log-key": centre.ledger.key()}
    answer = run(verify, bundle_file, *[item for name in given for item in (name, own[name])])
    assert isinstance(answer.exception, NotVerified)
    assert answer.exception.exit_code == 4
    assert "INDETERMINATE" in answer.output
    assert "holds" not in answer.output.splitlines()[-1]
    assert "--log-key" in answer.exception.remedy


def test_a_machine_of_the_platform_knows_its_own_keys(
    bundle_file, centre, pki, tmp_path, monkeypatch
):
    home = tmp_path / "centre"
    (home / "ledger").mkdir(parents=True)
    (home / "ledger" / "log.vkey").write_text(f"{centre.ledger.key()}\n")
    (home / "pki").mkdir()
    (home / "pki" / "trust").symlink_to(pki.folder / "trust")
    monkeypatch.setenv("OPENRHIP_HOME", str(home))
    monkeypatch.setattr(config, "current", lambda: config.load(home))
    answer = run(verify, bundle_file)
    assert answer.exit_code == 0, answer.output
    assert "成立 holds" in answer.output


def test_a_changed_bundle_is_named_and_fails(bundle_file):
    files = bundle.unpack(bundle_file.read_bytes())
    files["document.ofd"] = files["document.ofd"][:-1] + b"x"
    bundle_file.write_bytes(bundle.pack(files))
    answer = run(verify, bundle_file)
    assert isinstance(answer.exception, NotVerified)
    assert "✗" in answer.output
    assert "document.ofd" in answer.output


def test_verification_needs_neither_framework_nor_home(bundle_file):
    code = (
        "import sys; from openrhip.site.cli import main; "
        "sys.argv = ['openrhip', 'verify', sys.argv[1], '--trust-inside', '--json']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'django' not in sys.modules, 'the framework was loaded'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bundle_file)],
        capture_output=True,
        check=False,
        cwd=bundle_file.parent,
        env={"PATH": "/usr/bin:/bin", "OPENRHIP_HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["ok"]


def test_lists_and_figures(archived, jinling, summary_v1, tmp_path):
    found = json.loads(run(cli, "search", "--json").output)
    assert [item["id"] for item in found["items"]] == [archived]
    assert archived in run(cli, "search", "--institution", jinling).output
    assert "1 deposited" in run(cli, "figures").output
    service.deposit(institution=jinling, content=b"no package")
    assert "AQ-01" in run(cli, "refusals").output
    assert json.loads(run(cli, "settle", "--json").output) == {"settled": 0, "swept": 0}


def test_a_file_is_checked_before_it_is_sent(centre, jinling, summary_v1, tmp_path):
    good, bad = tmp_path / "good.ofd", tmp_path / "bad.ofd"
    good.write_bytes(summary_v1)
    bad.write_bytes(summary_v1[:-1])
    assert "通过" in run(cli, "check", good, "--institution", jinling).output
    answer = run(cli, "check", bad, "--institution", jinling)
    assert isinstance(answer.exception, NotVerified)
    assert "未通过" in answer.output
    assert "archived as" in run(cli, "deposit", good, "--institution", jinling).output
