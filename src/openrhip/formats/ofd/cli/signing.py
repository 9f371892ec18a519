"""`ofd sign` and `ofd seal`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openrhip.formats.ofd.cli.common import (
    FILE,
    JSON,
    OUTPUT,
    about,
    load_signer,
    load_timestamper,
    read_file,
    signing_options,
    trust_folder,
    write_file,
)

if TYPE_CHECKING:
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.gm.revocation import RevocationData
    from openrhip.formats.gm.signer import Signer

_KEEPING = (
    click.option("--base", default="", help="ID of an earlier signature that this one builds on."),
    click.option(
        "--keep-revocation",
        is_flag=True,
        help="Keep chains and revocation data in the file, for judging it in years to come.",
    ),
    click.option(
        "--trust",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="For --keep-revocation: folder of roots and lists (default: the setting `trust`).",
    ),
    click.option(
        "--online", is_flag=True, help="For --keep-revocation: ask services that certificates name."
    ),
)


def _keeping(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_KEEPING):
        command = option(command)
    return command


def _collected(
    wanted: bool, trust: Path | None, online: bool, signers: Iterable[Signer | Certificate]
) -> RevocationData | None:
    """Chains and revocation data of all that sign. Raises NotVerified if something is not known."""
    if not wanted:
        return None
    from openrhip.formats.gm import revocation, transport
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.gm.chain import TrustStore
    from openrhip.kernel.errors import NotVerified

    leaves: list[Certificate] = []
    issuers: list[Certificate] = []
    for one in signers:
        leaves.append(one if isinstance(one, Certificate) else one.certificate)
        issuers += () if isinstance(one, Certificate) else one.chain
    store = TrustStore.load_folder(trust_folder(trust))
    port = transport.HttpRevocation() if online else None
    found = revocation.collect(leaves, store, port, intermediates=issuers)
    wrong = [finding for finding in found.findings if not finding.ok]
    if wrong:
        raise NotVerified(
            f"revocation data is not complete: {wrong[0].text_en}",
            where=wrong[0].where,
            remedy="renew the lists of the trust folder, or try --online",
        )
    return found


@click.command()
@FILE
@OUTPUT
@signing_options
@click.option("--reason", default="", help="Why, in a few words; stands in the signature.")
@click.option(
    "--form",
    type=click.Choice(["attributes", "content", "der", "raw"]),
    default="attributes",
    show_default=True,
    help="GB/T 35275 with signed attributes or with content; or a bare signature without "
    "certificate, in DER or as 64 bytes.",
)
@_keeping
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
    form: str,
    base: str,
    keep_revocation: bool,
    trust: Path | None,
    online: bool,
    as_json: bool,
) -> None:
    """Add a digital signature (数字签名, GB/T 35275)."""
    from openrhip.formats.ofd.signing import Form
    from openrhip.formats.ofd.signing import sign as add

    stamper = load_timestamper(tsa, tsa_url, password_file)
    own = load_signer(signer, password_file)
    parties = [own, *([load_signer(tsa, password_file)] if tsa else [])]
    result = add(
        read_file(file),
        signer=own,
        timestamper=stamper,
        reason=reason,
        lock=lock,
        form=Form(form),
        base=base,
        revocation=_collected(keep_revocation, trust, online, parties),
    )
    write_file(output, result, as_json)


@click.command()
@FILE
@OUTPUT
@signing_options
@click.option(
    "--seal",
    "seal_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The seal (Seal.esl), see `openrhip seal make`.",
)
@click.option("--anchor", default="", help="Where: a named place of the document, e.g. seal.")
@click.option(
    "--at-place",
    "at_places",
    nargs=3,
    multiple=True,
    type=(int, float, float),
    metavar="PAGE X Y",
    help="Where: page from 1, upper left corner in millimetres; several times for several.",
)
@click.option(
    "--riding",
    type=click.Choice(["right", "left", "top", "bottom"]),
    help="Over this edge of all pages, a strip on each (骑缝章).",
)
@_keeping
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
    at_places: tuple[tuple[int, float, float], ...],
    riding: str | None,
    base: str,
    keep_revocation: bool,
    trust: Path | None,
    online: bool,
    as_json: bool,
) -> None:
    """Add an electronic seal with its picture (电子签章, GB/T 38540)."""
    from openrhip.formats.gm.certs import Certificate
    from openrhip.formats.ofd.seals import Seal
    from openrhip.formats.ofd.signing import Placement, Side
    from openrhip.formats.ofd.signing import seal as add

    if bool(anchor) + bool(at_places) + bool(riding) > 1 and not (at_places and riding):
        raise click.UsageError("give one of --anchor, --at-place and --riding")
    own = load_signer(signer, password_file)
    with about(seal_file, "give a seal, as `openrhip seal make` writes it"):
        used = Seal.from_der(read_file(seal_file))
    stamps = [load_signer(tsa, password_file)] if tsa else []
    maker = [Certificate.from_der(used.data.maker)] if keep_revocation else []
    result = add(
        read_file(file),
        seal=used,
        signer=own,
        timestamper=load_timestamper(tsa, tsa_url, password_file),
        placements=[Placement(page - 1, x, y) for page, x, y in at_places],
        anchor=anchor,
        riding=Side(riding) if riding else None,
        lock=lock,
        base=base,
        revocation=_collected(keep_revocation, trust, online, [own, *stamps, *maker]),
    )
    write_file(output, result, as_json)
