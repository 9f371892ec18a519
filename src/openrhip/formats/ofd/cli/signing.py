"""`ofd sign`, `ofd seal` and `ofd make-seal`."""

from __future__ import annotations

from pathlib import Path

import click

from openrhip.formats.ofd.cli.common import (
    FILE,
    JSON,
    OUTPUT,
    load_signer,
    load_timestamper,
    read_file,
    signing_options,
    write_file,
)


@click.command()
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
        read_file(file),
        signer=load_signer(signer, password_file),
        timestamper=load_timestamper(tsa, tsa_url, password_file),
        reason=reason,
        lock=lock,
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
        read_file(file),
        seal=Seal.from_der(read_file(seal_file)),
        signer=load_signer(signer, password_file),
        timestamper=load_timestamper(tsa, tsa_url, password_file),
        placements=(Placement(at_place[0] - 1, *at_place[1:]),) if at_place else (),
        anchor=anchor,
        lock=lock,
    )
    write_file(output, result, as_json)


@click.command("make-seal")
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
        owners=[Certificate.from_pem(read_file(owner))],
        maker=load_signer(maker, password_file),
        picture=read_file(picture) if picture else drawn,
        width=width,
        height=height,
        kind=ses.PERSON if person else ses.INSTITUTION,
    )
    write_file(output, made.der, as_json)
