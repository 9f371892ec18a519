"""Configuration (配置): one table of settings, a TOML file, and environment variables over it.

The file is `openrhip.toml` in the home folder (`OPENRHIP_HOME`, by default `./var`). A variable
`OPENRHIP_<NAME>` wins over the file. Secrets are never settings: they are files with mode 0600.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from openrhip.kernel.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Setting:
    """name: as in the file; default: text; meaning: one sentence for the operator."""

    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting(
        "database_url",
        "",
        "main database; empty is SQLite in the home folder, else postgresql://user:password@host/name",
    ),
    Setting(
        "files_url",
        "",
        "document store; empty is a folder in the home folder, else s3://bucket/prefix",
    ),
    Setting("centre_url", "http://127.0.0.1:8080", "address under which the centre is reached"),
    Setting("listen", "127.0.0.1:8080", "host and port on which the web process listens"),
    Setting("workers", "2", "number of web worker processes"),
    Setting("ledger_url", "http://127.0.0.1:8081", "address of the ledger process"),
    Setting(
        "ledger_store",
        "",
        "store of the ledger; empty is SQLite in the home folder, else postgresql://user:password@host/name",
    ),
    Setting(
        "ledger_origin",
        "openrhip.local/ledger",
        "name of the log, unique in the world, such as ledger.example.cn/city; fixed by init",
    ),
    Setting(
        "ledger_profile",
        "gm",
        "hash and signature of the ledger: gm (SM3, SM2) or c2sp (SHA-256, Ed25519)",
    ),
    Setting(
        "trust",
        "",
        "folder of trusted root certificates (PEM), seal makers in its subfolder makers; "
        "empty is pki/trust in the home folder",
    ),
    Setting(
        "tsa_url",
        "",
        "timestamp authority (RFC 3161); empty is the development authority in process",
    ),
    Setting(
        "evidence_at",
        "02:30",
        "time of day, Asia/Shanghai, from which the night's evidence tree is made",
    ),
    Setting(
        "evidence_margin_days",
        "180",
        "days before a timestamp or an algorithm ends at which evidence is renewed",
    ),
    Setting(
        "evidence_algorithm",
        "sm3",
        "digest of new evidence; older evidence is re-hashed with it: sm3, sha256, sha3_512, ...",
    ),
    Setting(
        "evidence_algorithm_ends",
        "",
        "days from which algorithms no longer count, such as sm3=2045-01-01, with commas",
    ),
    Setting(
        "treatment_days",
        "90",
        "days for which an encounter counts as a treatment relation (诊疗关系)",
    ),
    Setting("city", "南京市", "name of the city in the headings of printed statistics"),
    Setting(
        "collect_catalogue",
        "",
        "folder of the centre's own collected tables and value sets, laid over the shipped ones",
    ),
    Setting(
        "collect_timely_days",
        "1,3,7",
        "by how many days after its day a collected table counts as in time: three numbers, "
        "fractions allowed; after a change run openrhip collect coverage --rebuild",
    ),
    Setting(
        "collect_inbox",
        "",
        "folder with a subfolder for each unit, watched for batches put there (SFTP); empty: none",
    ),
    Setting(
        "collect_inbox_days",
        "7",
        "days for which files stay in a unit's done and refused folders; the sealed originals stay",
    ),
    Setting(
        "collect_engine",
        "duckdb",
        "what checks batches: duckdb (in process), or the address of a Spark Connect server "
        "such as sc://spark:15002",
    ),
    Setting("collect_workers", "2", "number of processes that check and load collected batches"),
    Setting(
        "collect_keep_days",
        "400",
        "days for which rows of a batch that was replaced stay in the lake for the history",
    ),
    Setting(
        "collect_originals_days",
        "0",
        "days for which sealed originals of batches stay, whole months at a time; 0: for good",
    ),
    Setting(
        "collect_keep_at",
        "01:00",
        "time of day, Asia/Shanghai, from which the lake's closed months are merged and cleared",
    ),
    Setting(
        "collect_ask_seconds",
        "60",
        "seconds after which an analyst's query is ended",
    ),
    Setting(
        "collect_ask_memory",
        "1GB",
        "memory of an analyst's query; what does not fit goes to the disk, up to 4 times as much",
    ),
    Setting(
        "collect_ask_at_once",
        "2",
        "how many analysts' queries run at once",
    ),
    Setting(
        "collect_small_cells",
        "5",
        "smallest count that an export of an analyst's query shows; 0: all",
    ),
    Setting(
        "collect_free_roles",
        "privacy-officer",
        "roles whose analysts may read columns of free words, with commas",
    ),
    Setting(
        "collect_small_roles",
        "privacy-officer",
        "roles whose analysts export small counts and masked personal columns, with commas",
    ),
    Setting(
        "trusted_proxies",
        "",
        "addresses of reverse proxies, with commas; their X-Forwarded-For and -Proto are believed",
    ),
    Setting(
        "development",
        "no",
        "yes allows plain HTTP, shows one-time codes on the page and marks every page 开发环境",
    ),
)


@dataclass(frozen=True, slots=True)
class Config:
    """home: the folder that holds everything; values: one text per setting."""

    home: Path
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def flag(self, name: str) -> bool:
        return self.values[name].lower() in {"yes", "true", "1", "on"}


def load(home: Path) -> Config:
    """Read file and environment. Raises Misconfigured for unknown names and broken files."""
    path = home / "openrhip.toml"
    try:
        given = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the configuration is not TOML: {error}", where=str(path)) from error
    known = {setting.name for setting in SETTINGS}
    if unknown := sorted(set(given) - known):
        raise Misconfigured(f"unknown settings: {', '.join(unknown)}", where=str(path))
    values = {
        setting.name: os.environ.get(
            f"OPENRHIP_{setting.name.upper()}", str(given.get(setting.name, setting.default))
        )
        for setting in SETTINGS
    }
    return Config(home=home, values=values)


@cache
def current() -> Config:
    """The configuration of this process."""
    return load(Path(os.environ.get("OPENRHIP_HOME", "var")).absolute())
