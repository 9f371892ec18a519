"""Encrypting the files of a package (GM/T 0099-2020 7.3, appendix C).

A random key and IV; every file SM4-CBC under them; the map of names encrypted likewise; the key
wrapped for each recipient. No file stays in the clear, not even OFD.xml: names and sizes of the
encrypted files (rounded up to the block) are all that shows.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from openrhip import __version__
from openrhip.formats.gm import sm3, sm4
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_zip import DEFLATED, Limits
from openrhip.formats.ofd.profiles.gmt0099 import naming
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed

SHORTEST = 12
"""Characters of a password: the derivation of the standard has no salt and no iterations."""
MOST_RECIPIENTS = 1000
_LEVELS = (2, 6, 9, 1, 3, 4, 5, 7, 8)
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NS = f'xmlns:ofd="{px.NAMESPACE}"'


@dataclass(frozen=True, slots=True)
class PasswordRecipient:
    """Somebody with a password. name: UserName in the file, "" for none."""

    password: str = field(repr=False)
    name: str = ""

    def __post_init__(self) -> None:
        if len(self.password) < SHORTEST:
            raise Malformed(
                f"a password of fewer than {SHORTEST} characters", where="password",
                remedy="take a long random password: nothing slows a guesser down",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CertificateRecipient:
    """Somebody with an SM2 encryption certificate. name: UserName, by default its common name."""

    certificate: Certificate
    name: str = ""


Recipient = PasswordRecipient | CertificateRecipient


def encrypt(data: bytes, recipients: Sequence[Recipient], *, limits: Limits | None = None) -> bytes:
    """The package with all its files encrypted for the recipients.

    All recipients have passwords, or all have certificates: the standard names one way for a file.
    Whether it holds is told later by what is inside: sign before encrypting. Raises Malformed,
    TooLarge, Conflict (it is encrypted already).
    """
    case = _case(recipients)
    package = naming.open_container(data, limits or Limits())
    if naming.ENTRY_FILE in package:
        raise Conflict("the package is encrypted already", where=naming.ENTRY_FILE)
    if "OFD.xml" not in package:
        raise Malformed("the package has no OFD.xml", where="directory")
    key, iv = secrets.token_bytes(naming.KEY_SIZE), secrets.token_bytes(sm4.BLOCK)
    names = {part: f"{naming.FOLDER}/{at}.dat" for at, part in enumerate(package.parts)}
    secret = {names[part]: sm4.cbc_encrypt(key, iv, package.read(part)) for part in package.parts}
    secret[naming.MAP] = sm4.cbc_encrypt(key, iv, _map(package, names))
    container = Container()
    container.store(naming.ENTRY_FILE, _entry())
    container.store(naming.SEED, _seed(case, recipients, key, iv, mac(key, secret)))
    for name, content in secret.items():
        container.store(name, content)
    return container.finish()


def mac(key: bytes, secret: dict[str, bytes]) -> str:
    """Over names, lengths and bytes of all that is encrypted, in the order of names."""
    whole = sm3.new()
    for name in sorted(secret):
        content = secret[name]
        label = name.encode()
        whole.update(len(label).to_bytes(4, "big") + label + len(content).to_bytes(8, "big"))
        whole.update(content)
    return naming.base64_text(sm3.hmac(naming.mac_key(key), whole.digest()))


def _case(recipients: Sequence[Recipient]) -> str:
    if not 0 < len(recipients) <= MOST_RECIPIENTS:
        raise Malformed(f"a file is encrypted for 1 to {MOST_RECIPIENTS} recipients")
    kinds = {type(one) for one in recipients}
    if len(kinds) > 1:
        raise Malformed(
            "passwords and certificates do not mix in one file", where="recipients",
            remedy="make one file for passwords and one for certificates",
        )  # fmt: skip
    return naming.PASSWORD if kinds == {PasswordRecipient} else naming.CERTIFICATE


def _map(package: Package, names: dict[str, str]) -> bytes:
    """EncryptEntries: which file became which. How each was packed is noted, so that decrypting
    gives the same container to the byte."""
    listed = "".join(
        f"<ofd:EncryptEntry Path={quoteattr('/' + part)} EPath={quoteattr('/' + names[part])}"
        f"{_packing(package, part)}/>"
        for part in package.parts
    )
    digest = sm3.digest(package.data).hex()
    return (
        f'{_HEAD}<ofd:EncryptEntries {_NS} xmlns:own="{naming.OWN}" ID="1"'
        f' own:PackageSM3="{digest}">{listed}</ofd:EncryptEntries>'
    ).encode()


def _packing(package: Package, part: str) -> str:
    entry = package.entries[part]
    if entry.method != DEFLATED:
        return ""
    packed = package.data[entry.start : entry.start + entry.packed]
    content = package.read(part)
    for level in _LEVELS:
        deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
        if deflater.compress(content) + deflater.flush() == packed:
            return f' own:Level="{level}"'
    return ' own:Level="6"'


def _entry() -> bytes:
    when = clock.now().strftime("%Y-%m-%dT%H:%M:%S")
    return (
        f'{_HEAD}<ofd:Encryptions {_NS}><ofd:EncryptInfo ID="1">'
        f'<ofd:Provider Name="OpenRHIP" Version="{__version__}" Company="OpenRHIP"/>'
        f"<ofd:EncryptScope>All</ofd:EncryptScope><ofd:EncryptDate>{when}</ofd:EncryptDate>"
        f"<ofd:DecryptSeedLoc>/{naming.SEED}</ofd:DecryptSeedLoc>"
        f"<ofd:EntriesMapLoc>/{naming.MAP}</ofd:EntriesMapLoc>"
        "</ofd:EncryptInfo></ofd:Encryptions>"
    ).encode()


def _seed(case: str, recipients: Sequence[Recipient], key: bytes, iv: bytes, code: str) -> bytes:
    users = "".join(_user(one, key, iv) for one in recipients)
    return (
        f'{_HEAD}<ofd:DecyptSeed {_NS} ID="1" EncryptCaseId="{case}">{users}<ofd:ExtendParams>'
        f'<ofd:Parameter Name="{naming.MAC}">{code}</ofd:Parameter>'
        "</ofd:ExtendParams></ofd:DecyptSeed>"
    ).encode()


def _user(recipient: Recipient, key: bytes, iv: bytes) -> str:
    if isinstance(recipient, PasswordRecipient):
        name, held = recipient.name, ""
        wrapping = naming.password_key(recipient.password.encode())
        wrapped = sm4.cbc_encrypt(wrapping, iv, key)
    else:
        certificate = recipient.certificate
        name = recipient.name or certificate.common_name
        held = f"<ofd:UserCert>{naming.base64_text(certificate.der)}</ofd:UserCert>"
        wrapped = certificate.public_key.encrypt(key)
    label = f" UserName={quoteattr(escape(name, {chr(0): ''})[:200])}" if name else ""
    return (
        f'<ofd:UserInfo{label} UserType="User">{held}'
        f"<ofd:EncryptedWK>{naming.base64_text(wrapped)}</ofd:EncryptedWK>"
        f"<ofd:IVValue>{naming.base64_text(iv)}</ofd:IVValue></ofd:UserInfo>"
    )
