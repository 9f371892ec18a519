"""`openrhip seal`: make electronic seals, look at them, judge them (电子印章)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.formats.ofd.cli.common import (
    JSON,
    OUTPUT,
    about,
    instant,
    load_signer,
    load_timestamper,
    read_file,
    say,
    trust_folder,
    write_file,
)
from openrhip.kernel.errors import NotVerified
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.gm.findings import Finding

_WANTED = "give a seal, as `openrhip seal make` writes it"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SEAL = click.argument("seal", type=_FILE)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Make, show and check electronic seals (电子印章: GM/T 0031, GB/T 38540).

    A seal is a file (Seal.esl) that its maker (制章人) signed: a picture, who may use it, and from
    when to when. `openrhip ofd seal` puts it on documents.
    """


@cli.command()
@click.argument("name")
@OUTPUT
@click.option(
    "--owner",
    "owners",
    required=True,
    multiple=True,
    type=_FILE,
    help="Certificate of one who may use it (PEM); several times for several.",
)
@click.option("--maker", required=True, metavar="PATH", help="Key of the seal maker (制章人).")
@click.option(
    "--password-file", type=_FILE, help="File with the maker's password, as for `ofd sign`."
)
@click.option("--person", is_flag=True, help="A personal signature, not an institution's seal.")
@click.option("--picture", type=_FILE, help="PNG, JPEG or OFD; drawn from NAME if not given.")
@click.option("--size", nargs=2, type=int, metavar="W H", help="Width and height in mm.")
@click.option("--from", "start", help="Valid from this instant (default: now).")
@click.option("--until", "end", help="Valid until then (default: the first owner's certificate).")
@click.option(
    "--version",
    type=click.Choice(["1", "4", "5"]),
    default="4",
    show_default=True,
    help="1: GM/T 0031-2014, 4: GB/T 38540-2020, 5: GM/T 0031-2025.",
)
@click.option("--digests", is_flag=True, help="List the owners by digests (versions 4 and 5).")
@click.option("--id", "seal_id", default="", help="The seal's number (default: a new one).")
@click.option("--vendor", default="OpenRHIP", show_default=True, help="Vid in the seal's header.")
@click.option("--tsa", metavar="PATH", help="Stamp the maker's signature (version 5) with a key.")
@click.option("--tsa-url", metavar="URL", help="The same, by an authority (RFC 3161).")
@JSON
def make(
    name: str,
    output: Path,
    owners: tuple[Path, ...],
    maker: str,
    password_file: Path | None,
    person: bool,
    picture: Path | None,
    size: tuple[int, int] | None,
    start: str | None,
    end: str | None,
    version: str,
    digests: bool,
    seal_id: str,
    vendor: str,
    tsa: str | None,
    tsa_url: str | None,
    as_json: bool,
) -> None:
    """Make a seal that the owners may use (制作电子印章).

    The picture is NAME along the arc of a red ring, or with --person the name as written by hand,
    unless --picture gives another. NAME is the unit's or person's as it stands on the seal.
    """
    from openrhip.formats.ofd import seal_picture, ses
    from openrhip.formats.ofd.seals import Seal

    drawn = seal_picture.signature if person else seal_picture.round_seal
    usual = seal_picture.SIGNATURE if person else (seal_picture.DIAMETER,) * 2
    width, height = size or usual
    made = Seal.create(
        name=name,
        owners=[_owner(owner) for owner in owners],
        maker=load_signer(maker, password_file),
        picture=read_file(picture) if picture else drawn(name),
        width=width,
        height=height,
        kind=ses.PERSON if person else ses.INSTITUTION,
        valid_from=instant(start, "--from"),
        valid_to=instant(end, "--until"),
        seal_id=seal_id,
        version=int(version),
        vendor=vendor,
        by_digest=digests,
        timestamper=load_timestamper(tsa, tsa_url, password_file),
    )
    write_file(output, made.der, as_json)


def _owner(path: Path) -> Certificate:
    from openrhip.formats.gm.certs import Certificate

    with about(path):
        return Certificate.from_pem(read_file(path))


@cli.command()
@_SEAL
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Write it here.")
@JSON
def show(seal: Path, picture: Path | None, as_json: bool) -> None:
    """Print what is in a seal, and write its picture (查看电子印章). Nothing is verified."""
    from openrhip.formats.ofd.seals import Seal, describe

    with about(seal, _WANTED):
        found = Seal.from_der(read_file(seal))
    facts = describe(found)
    if picture:
        write_durably(picture, found.picture, mode=0o644)
        facts["picture_file"] = str(picture)
    if as_json:
        say(facts)
        return
    for name, value in facts.items():
        _line(name, value)


@cli.command()
@_SEAL
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of trusted roots and lists, seal makers in its subfolder makers.",
)
@click.option("--chain", "chain_file", type=_FILE, help="Issuers of maker and owners (PEM).")
@click.option("--at", "moment", help="Judge as of this instant, e.g. 2026-11-24T08:00:00Z.")
@click.option("--online", is_flag=True, help="Ask status services that certificates name.")
@JSON
def check(
    seal: Path,
    trust: Path | None,
    chain_file: Path | None,
    moment: str | None,
    online: bool,
    as_json: bool,
) -> None:
    """Judge maker, chain, dates and signers of a seal (验证电子印章); exit code 4 if not valid."""
    from openrhip.formats.gm import certs, transport
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.ofd import seal_check
    from openrhip.formats.ofd.seals import Seal
    from openrhip.formats.ofd.verify_report import WORDS, verdict

    issuers = certs.load_all(read_file(chain_file)) if chain_file else ()
    with about(seal, _WANTED):
        judged = Seal.from_der(read_file(seal), chain=issuers)
    findings = seal_check.check(
        judged,
        trust=TrustStore.load_folder(trust_folder(trust)),
        at=instant(moment),
        port=transport.HttpRevocation() if online else None,
    )
    word = verdict(findings)
    if as_json:
        say({"verdict": word, "findings": [finding.as_dict() for finding in findings]})
    else:
        click.echo(" ".join(WORDS[word]))
        for finding in findings:
            mark = "ok  " if finding.ok else "FAIL"
            where = f" [{finding.where}]" if finding.where else ""
            click.echo(f"{mark} {finding.text_zh} | {finding.text_en}{where}")
        if chain_file is None and any(one.code == "chain.anchor" for one in _failed(findings)):
            click.echo("a seal carries no issuers: give them with --chain FILE", err=True)
    if word != "valid":
        click.get_current_context().exit(NotVerified.exit_code)


def _failed(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if not one.ok]


def _line(name: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            text = ", ".join(f"{key} {one}" for key, one in item.items())
            click.echo(f"{name}: {text}")
    else:
        click.echo(f"{name}: {value}")
