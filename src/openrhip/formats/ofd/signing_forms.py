"""The forms of SignedValue.dat (签名值文件): what is signed, and what stands around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from openrhip.formats.gm import sm2, sm3
from openrhip.formats.gm.signer import Signer
from openrhip.formats.gm.tsp import Timestamper
from openrhip.formats.ofd import ses, ses_write, signing_cms
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel.errors import Refused

Value = Callable[[bytes, str], bytes]
"""From the bytes of Signature.xml and its location to those of SignedValue.dat."""


class Form(StrEnum):
    """Forms of a digital signature (数字签名).

    ATTRIBUTES: GB/T 35275 with signed attributes and detached content; they bind time and
    certificate. CONTENT: GB/T 35275 with the SM3 of Signature.xml as content, signed directly.
    DER, RAW: the bare signature over Signature.xml, as SEQUENCE {r, s} or r || s: whoever verifies
    must have the certificate from elsewhere, and nothing can be stamped.
    """

    ATTRIBUTES = "attributes"
    CONTENT = "content"
    DER = "der"
    RAW = "raw"


BARE = frozenset({Form.DER, Form.RAW})


def digital(form: Form, *, signer: Signer, at: datetime, timestamper: Timestamper | None) -> Value:
    """The value of a digital signature. Raises Refused for a timestamp where none has a place."""
    if form in BARE and timestamper:
        raise Refused(
            "a bare signature holds no timestamp", remedy="choose the form attributes or content"
        )

    def value(description: bytes, _: str) -> bytes:
        if form in BARE:
            signature = sm2.as_der(signer.sign(description))
            return signature if form is Form.DER else sm2.to_raw(signature)
        build = signing_cms.build if form is Form.ATTRIBUTES else signing_cms.build_content
        return build(description, signer=signer, at=at, timestamper=timestamper)

    return value


def sealing(seal: Seal, *, signer: Signer, at: datetime, timestamper: Timestamper | None) -> Value:
    """The value of a seal signature, in the version of its seal."""
    version = seal.data.info.version
    if version not in ses.VERSIONS:
        raise Refused(f"seals of version {version} are not used here", where=seal.name)
    if version == ses.FIRST and timestamper:
        raise Refused(
            "a seal signature of version 1 holds no timestamp over its value",
            where=seal.name,
            remedy="use a seal of version 4 or 5",
        )
    own = signer.certificate.der

    def value(description: bytes, location: str) -> bytes:
        signed = ses_write.encode_signed(
            seal.der, at, sm3.digest(description), location, version=version, certificate=own
        )
        signature = sm2.as_der(signer.sign(signed))
        token = timestamper.stamp(signature) if timestamper else b""
        return ses_write.encode_signature(signed, own, signature, token, version=version)

    return value
