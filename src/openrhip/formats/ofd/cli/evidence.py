"""`ofd evidence`: evidence records of single files: make, renew, re-hash, show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.formats.ofd.cli.common import (
    FILE,
    JSON,
    OUTPUT,
    about,
    load_timestamper,
    read_file,
    say,
    trust_folder,
    write_file,
)
from openrhip.kernel.errors import Conflict, Malformed, NotVerified

if TYPE_CHECKING:
    from openrhip.formats.gm.ers import EvidenceRecord
    from openrhip.formats.gm.tsp import DigestTimestamper

RECORD = click.argument("record", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_ALGORITHM = click.option(
    "--algorithm", default="sm3", show_default=True, help="Digest: sm3, sha256, sha3-512, …"
)
_AUTHORITY = (
    click.option("--tsa", metavar="PATH", help="Timestamp with a key of your own: PATH.key.pem, …"),
    click.option("--tsa-url", metavar="URL", help="Timestamp by an authority (RFC 3161)."),
    click.option(
        "--password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File with the key's password, as for `ofd sign`.",
    ),
    click.option(
        "--trust",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder of roots and revocation lists to keep in the record "
        "(default: the setting `trust`).",
    ),
)


def _authority(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_AUTHORITY):
        command = option(command)
    return command


@click.group()
def evidence() -> None:
    """Evidence records for decades (证据记录, RFC 4998), one file at a time.

    An archive makes them for all its documents: `openrhip records evidence`. To judge one:
    `openrhip ofd verify FILE --evidence RECORD`.
    """


@evidence.command()
@FILE
@OUTPUT
@_ALGORITHM
@_authority
@JSON
def make(file: Path, output: Path, algorithm: str, as_json: bool, **given: Any) -> None:
    """Make the evidence record of FILE, with what its signatures are judged by (生成)."""
    from openrhip.formats.gm import ers

    record = ers.create([read_file(file)], _stamper(given), algorithm=algorithm)
    write_file(output, _kept(record, given).encoded, as_json)


@evidence.command()
@RECORD
@OUTPUT
@_authority
@JSON
def renew(record: Path, output: Path, as_json: bool, **given: Any) -> None:
    """Put a new timestamp over RECORD before its last one ages (时间戳续期)."""
    from openrhip.formats.gm import ers

    ready = _kept(_read(record), given)
    write_file(output, _kept(ers.renew(ready, _stamper(given)), given).encoded, as_json)


@evidence.command()
@RECORD
@FILE
@OUTPUT
@_ALGORITHM
@_authority
@JSON
def rehash(
    record: Path, file: Path, output: Path, algorithm: str, as_json: bool, **given: Any
) -> None:
    """Begin a new chain over FILE and RECORD by another digest (哈希树续期)."""
    from openrhip.formats.gm import digests, ers

    found, content = _read(record), read_file(file)
    if not ers.building.covers(found, [content]):
        raise NotVerified(
            "the record is not of this file, or the file was changed",
            where=str(file),
            remedy="judge it first: openrhip ofd verify FILE --evidence RECORD",
        )
    if digests.by_oid(found.chains[-1][0].digest().oid) == digests.by_name(algorithm):
        raise Conflict(
            "the newest chain is by this digest already",
            where=algorithm,
            remedy="name another with --algorithm",
        )
    ready = _kept(found, given)
    made = ers.rehash(ready, [content], _stamper(given), algorithm=algorithm)
    write_file(output, _kept(made, given).encoded, as_json)


@evidence.command()
@RECORD
@JSON
def show(record: Path, as_json: bool) -> None:
    """Show the timestamps of RECORD; verifies nothing (查看)."""
    from openrhip.formats.gm import digests, tsp

    found = _read(record)
    rows = []
    for number, chain in enumerate(found.chains, 1):
        for stamp in chain:
            signed, info = tsp.open_token(stamp.token)
            own = signed.signers[0].find(signed.certificates)
            rows.append(
                {
                    "chain": number,
                    "time": info.time.isoformat(),
                    "digest": digests.by_oid(stamp.digest().oid).name,
                    "tree": len(stamp.lists),
                    "authority": own.common_name if own else "",
                    "expires": own.not_after.isoformat() if own else None,
                    "certificates": len(signed.certificates),
                    "revocation_lists": len(signed.crls),
                }
            )
    if as_json:
        say({"timestamps": rows})
        return
    for row in rows:
        click.echo(
            f"chain {row['chain']}  {row['time']}  {row['digest']}, tree of {row['tree']} levels  "
            f"{row['authority']}, good until {row['expires']}"
        )


def _read(path: Path) -> EvidenceRecord:
    from openrhip.formats.gm import ers

    with about(path, "give an evidence record (RFC 4998), as `ofd evidence make` writes it"):
        return ers.read(read_file(path))


def _stamper(given: dict[str, Any]) -> DigestTimestamper:
    found = load_timestamper(given["tsa"], given["tsa_url"], given["password_file"])
    if found is None:
        raise Malformed("no timestamp authority", remedy="give --tsa or --tsa-url")
    return found


def _kept(record: EvidenceRecord, given: dict[str, Any]) -> EvidenceRecord:
    """With issuers and revocation data as of now in the newest token."""
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.gm.ers import building, material
    from openrhip.kernel import clock

    trust = TrustStore.load_folder(trust_folder(given["trust"]))
    data = material.of_trust(trust, clock.now())
    return building.with_material(record, data, in_token=True)
