"""`openrhip ledger` from init to replay, with its exit codes."""

from __future__ import annotations

import json
import sqlite3

import pytest
from click.testing import CliRunner

from openrhip.kernel.errors import (
    Conflict,
    Malformed,
    Misconfigured,
    NotFound,
    Problem,
    Unavailable,
)
from openrhip.ledger.cli import cli
from openrhip.ledger.home import Home


@pytest.fixture
def run():
    def call(*arguments, code=0):
        result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return call


def test_init_twice_changes_nothing_and_another_name_is_a_conflict(run, tmp_path):
    first = json.loads(run("init", "--home", tmp_path, "--origin", "a.example/log", "--json"))
    token = Home.of(tmp_path).token()
    again = json.loads(run("init", "--home", tmp_path, "--origin", "a.example/log", "--json"))
    assert first == again
    assert first["profile"] == "gm"
    assert Home.of(tmp_path).token() == token
    with pytest.raises(Conflict):
        run("init", "--home", tmp_path, "--origin", "b.example/log")
    with pytest.raises(Conflict):
        run("init", "--home", tmp_path, "--origin", "a.example/log", "--profile", "c2sp")
    with pytest.raises(Malformed):
        run("init", "--home", tmp_path / "other", "--origin", "with space")


def test_what_is_missing_is_said(run, tmp_path):
    with pytest.raises(Misconfigured):
        run("replay", "--home", tmp_path)
    with pytest.raises(Misconfigured):
        run("serve", "--home", tmp_path, "--listen", "127.0.0.1:0")
    run("init", "--home", tmp_path)
    for listen in ("nowhere", "127.0.0.1:x", "127.0.0.1:70000", "256.0.0.1:80"):
        with pytest.raises(Misconfigured):
            run("serve", "--home", tmp_path, "--listen", listen)
    with pytest.raises(Problem):
        run("replay", "--home", tmp_path)
    with pytest.raises(Unavailable):
        run("status", "--home", tmp_path, "--url", "http://127.0.0.1:9")
    key = tmp_path / "ledger" / "log.key.pem"
    Home.of(tmp_path / "other").init(origin="openrhip.local/ledger", profile="gm")
    key.write_bytes((tmp_path / "other" / "ledger" / "log.key.pem").read_bytes())
    with pytest.raises(Misconfigured, match="do not belong together"):
        run("serve", "--home", tmp_path, "--listen", "127.0.0.1:0")


def test_prove_verify_and_replay(run, home, start_process, entry, tmp_path):
    process = start_process(home)
    process.client().append_many([entry(number) for number in range(300)])
    at = ("--home", home, "--url", process.url)
    status = json.loads(run("status", *at, "--json"))
    assert (status["size"], status["ok"]) == (300, True)
    assert "signature verified" in run("status", *at)
    file = tmp_path / "evidence.json"
    assert "ok" in run("prove", 17, *at, "--out", file)
    assert run("prove", 17, *at).encode() == file.read_bytes()
    assert json.loads(run("prove", 17, *at, "--out", file, "--json"))["written"] == str(file)
    with pytest.raises(NotFound):
        run("prove", 300, *at)
    replay = json.loads(run("replay", "--home", home, "--json"))
    assert replay["ok"]
    assert replay["size"] == 300
    process.stop()
    # From here on nothing runs: verification is offline.
    assert "FAIL" not in run("verify", file, "--home", home)
    key = (home / "ledger" / "log.vkey").read_text().strip()
    assert json.loads(run("verify", file, "--key", key, "--json"))["ok"]
    assert "FAIL" not in run("verify", file, "--key", home / "ledger" / "log.vkey")
    value = json.loads(file.read_bytes())
    receipt, leaf = tmp_path / "receipt.json", tmp_path / "entry.json"
    text = json.dumps(value["receipt"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    receipt.write_text(text, "utf-8")
    leaf.write_bytes(entry(17).leaf)
    assert "FAIL" not in run("verify", receipt, "--entry", leaf, "--home", home)
    leaf.write_bytes(entry(18).leaf)
    assert "FAIL" in run("verify", receipt, "--entry", leaf, "--home", home, code=4)
    file.write_bytes(file.read_bytes().replace(b"TREAT", b"TRADE"))
    forged = json.loads(run("verify", file, "--home", home, "--json", code=4))
    assert not forged["ok"]
    file.write_bytes(bytes(1 << 20))
    with pytest.raises(Problem):
        run("verify", file, "--home", home)


def test_replay_names_what_was_changed_on_disk(run, home, start_process, entry):
    process = start_process(home)
    process.client().append_many([entry(number) for number in range(300)])
    process.stop()
    database = home / "ledger" / "log.sqlite3"
    with sqlite3.connect(database) as db:
        db.execute("UPDATE entry SET body = ? WHERE idx = 8", (entry(9).leaf,))
    db.close()
    report = json.loads(run("replay", "--home", home, "--json", code=4))
    bad = {
        (finding["code"], finding["where"]) for finding in report["findings"] if not finding["ok"]
    }
    assert bad == {("tiles", "tile 0/0"), ("checkpoint-root", "checkpoint 300")}
    assert "FAIL" in run("replay", "--home", home, code=4)
