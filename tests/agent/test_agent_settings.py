"""agent.toml, the command, and the keys a node may hold."""

import json

import pytest
from click.testing import CliRunner

from openrhip.agent import service
from openrhip.agent.cli import cli
from openrhip.agent.settings import FIELDS, load, write
from openrhip.formats.gm import devpki
from openrhip.kernel.errors import Conflict, Malformed, Misconfigured


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    devpki.create(
        folder,
        institutions=[devpki.DevInstitution("H1", "甲"), devpki.DevInstitution("H2", "乙")],
        staff=[devpki.DevStaff("D1", "王", "H1"), devpki.DevStaff("D2", "李", "H2")],
        password=b"x",
    )
    (folder / "password").write_bytes(b"x")
    return folder


def test_what_is_written_is_read(tmp_path):
    write(tmp_path, institution="H1", centre_url="https://centre.example/", inbox="drop")
    config = load(tmp_path)
    assert config.institution == "H1"
    assert config.centre_url == "https://centre.example"
    assert config.inbox == tmp_path / "drop"
    text = (tmp_path / "agent.toml").read_text("utf-8")
    assert all(f"{name} =" in text for name, _, _ in FIELDS)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("institution = [", "not TOML"),
        ('institution = "H1"', "missing"),
        ('institution = "H1"\ncentre_url = "ftp://x"', "no http"),
        ('institution = "H1"\ncentre_url = "http://far.example"', "unencrypted"),
        ('institution = "H1"\ncentre_url = "https://x"\ncolour = "red"', "unknown"),
        ('institution = "H1"\ncentre_url = "https://x"\npoll_seconds = "soon"', "number"),
        ('institution = "H1"\ncentre_url = "https://x"\npart_bytes = "1"', "out of range"),
    ],
)
def test_what_cannot_work_is_misconfigured(tmp_path, text, what):
    (tmp_path / "agent.toml").write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match=what):
        load(tmp_path)


def test_a_folder_without_a_node_says_what_to_do(tmp_path):
    with pytest.raises(Misconfigured) as caught:
        load(tmp_path)
    assert "init" in caught.value.remedy


def test_values_that_break_the_file_are_refused(tmp_path):
    with pytest.raises(Malformed):
        write(tmp_path, institution='H1"\nx', centre_url="https://x")


def test_a_node_gets_the_keys_of_its_own_people_only(tmp_path, keys):
    service.init(tmp_path / "n", institution="H1", centre_url="https://centre.example", keys=keys)
    held = {path.name for path in (tmp_path / "n" / "keys").rglob("*.key.pem")}
    assert held == {"H1.key.pem", "D1.key.pem", "tsa.key.pem"}
    assert all(
        path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "n" / "keys").rglob("*.key.pem")
    )
    with pytest.raises(Conflict):
        service.init(tmp_path / "n", institution="H1", centre_url="https://centre.example")


def test_keys_of_an_unknown_institution_are_not_there(tmp_path, keys):
    with pytest.raises(Misconfigured):
        service.init(tmp_path / "n", institution="H9", centre_url="https://x.example", keys=keys)


def test_the_command_makes_a_node_and_shows_its_queue(tmp_path):
    home = str(tmp_path / "n")
    run = CliRunner().invoke
    made = run(
        cli,
        ["init", "--home", home, "--institution", "H1", "--centre", "https://c.example", "--json"],
    )
    assert made.exit_code == 0, made.output
    (tmp_path / "n" / "inbox" / "what.docx").write_bytes(b"1")
    shown = run(cli, ["status", "--home", home, "--json"])
    content = json.loads(shown.output)
    assert content["counts"]["seen"] == 0
    assert content["unknown_files"] == ["what.docx"]
    text = run(cli, ["status", "--home", home]).output
    assert "what.docx" in text
    assert json.loads(run(cli, ["retry", "--home", home, "--json"]).output) == {"retried": 0}
