"""`openrhip ofd`: read, show, sign, seal and verify OFD files from the command line."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.kernel import config
from openrhip.kernel.errors import Malformed, Misconfigured, NotVerified, Unavailable
from openrhip.kernel.files import write_durably

if TYPE_CHECKING:
    from openrhip.formats.gm.signer import Signer
    from openrhip.formats.gm.tsp import Timestamper
    from openrhip.formats.ofd.verifying import Report

_LARGEST = 256 << 20
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
OUTPUT = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the result goes; may be FILE itself.",
)
_SIGNER_OPTIONS = (
    click.option(
        "--signer",
        required=True,
        metavar="PATH",
        help="Key and certificates: PATH.key.pem, PATH.cert.pem, PATH.chain.pem.",
    ),
    click.option(
        "--password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File with the keys' password; else OPENRHIP_KEY_PASSWORD, or the file `password` "
        "one folder above the key.",
    ),
    click.option("--tsa", metavar="PATH", help="Timestamp with a key of your own, as --signer."),
    click.option("--tsa-url", metavar="URL", help="Timestamp by an authority (RFC 3161)."),
    click.option("--lock", is_flag=True, help="Allow no signature after this one."),
)


def signing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_SIGNER_OPTIONS):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Read, show, sign, seal and verify OFD files (版式文件, GB/T 33190).

    Exit codes: 0 done, 3 not a readable OFD file, 4 the signatures do not hold, 6 not found.
    """


@cli.command()
@FILE
@JSON
def info(file: Path, as_json: bool) -> None:
    """What is in the file: metadata, pages, attachments, tags, signatures."""
    from openrhip.formats.ofd.package import open_package
    from openrhip.formats.ofd.signing_records import listed

    package = open_package(_read(file))
    facts = {
        "metadata": package.metadata,
        "pages": len(package.pages),
        "parts": len(package.parts),
        "bytes": len(package.data),
        "attachments": [
            {"name": one.name, "media_type": one.media_type, "bytes": one.size}
            for one in package.attachments()
        ],
        "tags": sorted({tag.name for tag in package.tags()}),
        "signatures": [{"id": line.id, "kind": line.kind} for line in listed(package)],
    }
    if as_json:
        _say(facts)
        return
    for name, value in package.metadata.items():
        click.echo(f"{name}: {value}")
    click.echo(f"pages: {facts['pages']}  parts: {facts['parts']}  bytes: {facts['bytes']}")
    for one in package.attachments():
        click.echo(f"attachment: {one.name} ({one.media_type}, {one.size} bytes)")
    click.echo(f"tagged: {len(package.tags())} regions")
    for line in listed(package):
        click.echo(f"signature {line.id}: {line.kind}")


@cli.command()
@FILE
@click.option("--page", type=click.IntRange(min=1), help="Only this page (from 1).")
@JSON
def text(file: Path, page: int | None, as_json: bool) -> None:
    """The text of the pages in reading order."""
    from openrhip.formats import ofd

    pages: list[str] = ofd.text(_read(file))
    if page is not None:
        if page > len(pages):
            raise click.BadParameter(f"the file has {len(pages)} pages", param_hint="--page")
        pages = pages[page - 1 : page]
    if as_json:
        _say({"pages": pages})
    else:
        click.echo("\f".join(pages))


@cli.command()
@FILE
@OUTPUT
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1))
@click.option("--dpi", default=110, show_default=True, type=click.IntRange(20, 600))
@click.option("--watermark", help="Text across every page.")
@JSON
def render(
    file: Path, output: Path, page: int, dpi: int, watermark: str | None, as_json: bool
) -> None:
    """Draw the file: OUTPUT ends in .pdf (all pages), .png or .svg (one page)."""
    from openrhip.formats.ofd import render as drawing

    data = _read(file)
    suffix = output.suffix.lower()
    if suffix == ".pdf":
        result: bytes = drawing.to_pdf(data, watermark=watermark)
    elif suffix == ".png":
        result = drawing.to_png(data, page - 1, dpi, watermark)
    elif suffix == ".svg":
        result = drawing.to_svg(data, page - 1, watermark).encode()
    else:
        raise click.BadParameter("ends in none of .pdf .png .svg", param_hint="--output")
    _write(output, result, as_json)


@cli.command()
@FILE
@OUTPUT
@signing_options
@click.option("--reason", default="", help="Why, in a few words; stands in the signature.")
@JSON
def sign(
    file: Path,
    output: Path,
    signer: str,
    password_file: Path | None,
    tsa: str | None,
    tsa_url: str | None,
    lock: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Add a digital signature (数字签名, GB/T 35275)."""
    from openrhip.formats.ofd.signing import sign as add

    result = add(
        _read(file),
        signer=_signer(signer, password_file),
        timestamper=_timestamper(tsa, tsa_url, password_file),
        reason=reason,
        lock=lock,
    )
    _write(output, result, as_json)


@cli.command()
@FILE
@OUTPUT
@signing_options
@click.option(
    "--seal",
    "seal_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The seal (Seal.esl), see make-seal.",
)
@click.option("--anchor", default="", help="Where: a named place of the document, e.g. seal.")
@click.option(
    "--at-place",
    nargs=3,
    type=(int, float, float),
    metavar="PAGE X Y",
    help="Where: page from 1, upper left corner in millimetres.",
)
@JSON
def seal(
    file: Path,
    output: Path,
    signer: str,
    password_file: Path | None,
    tsa: str | None,
    tsa_url: str | None,
    lock: bool,
    seal_file: Path,
    anchor: str,
    at_place: tuple[int, float, float] | None,
    as_json: bool,
) -> None:
    """Add an electronic seal with its picture (电子签章, GB/T 38540)."""
    from openrhip.formats.ofd.seals import Seal
    from openrhip.formats.ofd.signing import Placement
    from openrhip.formats.ofd.signing import seal as add

    result = add(
        _read(file),
        seal=Seal.from_der(_read(seal_file)),
        signer=_signer(signer, password_file),
        timestamper=_timestamper(tsa, tsa_url, password_file),
        placements=(Placement(at_place[0] - 1, *at_place[1:]),) if at_place else (),
        anchor=anchor,
        lock=lock,
    )
    _write(output, result, as_json)


@cli.command("make-seal")
@click.argument("name")
@OUTPUT
@click.option(
    "--owner",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate of the one who may use it (PEM).",
)
@click.option("--maker", required=True, metavar="PATH", help="Key of the seal maker (制章人).")
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--person", is_flag=True, help="A personal signature, not an institution's seal.")
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PNG or JPEG; drawn from NAME if not given.",
)
@JSON
def make_seal(
    name: str,
    output: Path,
    owner: Path,
    maker: str,
    password_file: Path | None,
    person: bool,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Make a seal that OWNER may use (制作电子印章)."""
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.ofd import seal_picture, ses
    from openrhip.formats.ofd.seals import Seal

    drawn = seal_picture.signature(name) if person else seal_picture.round_seal(name)
    width, height = seal_picture.SIGNATURE if person else (seal_picture.DIAMETER,) * 2
    made = Seal.create(
        name=name,
        owners=[Certificate.from_pem(_read(owner))],
        maker=_signer(maker, password_file),
        picture=_read(picture) if picture else drawn,
        width=width,
        height=height,
        kind=ses.PERSON if person else ses.INSTITUTION,
    )
    _write(output, made.der, as_json)


@cli.command()
@FILE
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of trusted roots and revocation lists, seal makers in its subfolder makers "
    "(default: the setting `trust`).",
)
@click.option("--at", "moment", help="Judge as of this instant, e.g. 2026-11-24T08:00:00Z.")
@JSON
def verify(file: Path, trust: Path | None, moment: str | None, as_json: bool) -> None:
    """Judge all signatures and seals; exit code 4 unless everything holds (验签、验章)."""
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.formats.ofd.verifying import verify as judge

    at = _instant(moment)
    report = judge(_read(file), trust=TrustStore.load_folder(_trust(trust)), at=at)
    if as_json:
        _say(report.as_dict())
    else:
        _print(report)
    if not report.ok:
        click.get_current_context().exit(NotVerified.exit_code)


def _print(report: Report) -> None:
    click.echo(f"{report.verdict} as of {report.at:%Y-%m-%d %H:%M:%S} UTC")
    for signature in report.signatures:
        who = f"{signature.signer} ({signature.organization})" if signature.signer else "unknown"
        seal_name = f", seal {signature.seal}" if signature.seal else ""
        when = f"{signature.time:%Y-%m-%d %H:%M:%S} UTC" if signature.time else "unknown time"
        proof = "timestamped" if signature.timestamped else "as claimed"
        click.echo(
            f"{signature.id} {signature.kind}: {signature.verdict}; {who}{seal_name}; "
            f"{when}, {proof}"
        )
    for finding in report.all_findings():
        mark = "ok  " if finding.ok else "FAIL"
        where = f" [{finding.where}]" if finding.where else ""
        click.echo(f"{mark} {finding.text_zh} | {finding.text_en}{where}")


def _read(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST:
        raise Malformed("the file is too large to read", where=str(path))
    return path.read_bytes()


def _write(path: Path, data: bytes, as_json: bool) -> None:
    write_durably(path, data, mode=0o644)
    if as_json:
        _say({"output": str(path), "bytes": len(data)})
    else:
        click.echo(f"{path}: {len(data)} bytes")


def _say(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _trust(folder: Path | None) -> Path:
    if folder:
        return folder
    current = config.current()
    return Path(current["trust"]) if current["trust"] else current.home / "pki" / "trust"


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("not an instant of ISO 8601", param_hint="--at") from None
    if found.tzinfo is None:
        raise click.BadParameter("says no zone; add Z or +08:00", param_hint="--at")
    return found


def _signer(prefix: str, password_file: Path | None) -> Signer:
    from openrhip.formats.gm.signer import SoftwareSigner

    path = Path(prefix)
    beside = path.parent.parent / "password"
    if password_file is None and "OPENRHIP_KEY_PASSWORD" in os.environ:
        password: bytes | None = os.environ["OPENRHIP_KEY_PASSWORD"].encode()
    elif password_file or beside.is_file():
        password = (password_file or beside).read_bytes().strip()
    else:
        password = None
    return SoftwareSigner.load(path.parent, path.name, password)


def _timestamper(
    own: str | None, url: str | None, password_file: Path | None
) -> Timestamper | None:
    from openrhip.formats.gm import tsp

    if own and url:
        raise click.UsageError("give one of --tsa and --tsa-url")
    if own:
        return tsp.LocalTimestamper(tsp.Authority(_signer(own, password_file)))
    return tsp.RemoteTimestamper(_poster(url)) if url else None


def _poster(url: str) -> Callable[[bytes], bytes]:
    if not url.startswith(("https://", "http://")):
        raise Misconfigured("a timestamp authority is reached by http or https", where="--tsa-url")

    def post(query: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 -- the scheme was checked
            url, query, {"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                body: bytes = answer.read(1 << 20)
        except OSError as error:
            raise Unavailable("the timestamp authority does not answer", where=url) from error
        return body

    return post
