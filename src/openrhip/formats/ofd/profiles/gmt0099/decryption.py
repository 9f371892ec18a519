"""Decrypting what GM/T 0099-2020 encrypted: our files and those of others.

Every wrong key, password or byte ends in one and the same NotVerified, so that nobody learns from
the answer which it was (padding oracles). Nothing is decrypted to disk.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from openrhip.formats.gm import sm3, sm4
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY, Package
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.profiles.gmt0099 import encryption, naming
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Problem, TooLarge

MOST_USERS = 1000
MOST_LAYERS = 8
_SMALL, _GROWTH = 64 << 20, 4
"""Unpacked, a file of any size may take so much, or so many times its size: all is held at once."""
_LEVEL = f"{{{naming.OWN}}}Level"
_DIGEST = f"{{{naming.OWN}}}PackageSM3"


@dataclass(frozen=True, slots=True)
class PasswordHolder:
    """Who knows a password. name: only entries of this user are tried; "" tries all."""

    password: str = field(repr=False)
    name: str = ""
    case = naming.PASSWORD

    def unwrap(self, user: Element, iv: bytes, wrapped: bytes) -> bytes | None:
        """The file key, or None."""
        del user
        try:
            return sm4.cbc_decrypt(naming.password_key(self.password.encode()), iv, wrapped)
        except Problem:
            return None


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who holds the private key of an encryption certificate."""

    key: PrivateKey = field(repr=False)
    name: str = ""
    case = naming.CERTIFICATE

    def unwrap(self, user: Element, iv: bytes, wrapped: bytes) -> bytes | None:
        del iv
        if (held := px.text(user, "UserCert")) and not self._mine(held):
            return None
        try:
            return self.key.decrypt(wrapped)
        except Problem:
            return None

    def _mine(self, held: str) -> bool:
        try:
            certificate = Certificate.from_der(base64.b64decode(held, validate=True))
        except (Problem, binascii.Error, ValueError):
            return True  # unreadable: the key itself decides
        return certificate.public_key == self.key.public_key


Holder = PasswordHolder | KeyHolder


@dataclass(frozen=True, slots=True)
class Decrypted:
    """data: the package in the clear. authenticated: every encrypted byte was proven to be as it
    was written (our files); same: it is the package that was encrypted, byte for byte."""

    data: bytes
    authenticated: bool
    same: bool


@dataclass(frozen=True, slots=True)
class _Layer:
    """One encryption: parts that describe it."""

    seed: str
    map: str


def decrypt(data: bytes, holder: Holder, *, limits: Limits | None = None) -> Decrypted:
    """The package in the clear. Raises Malformed, TooLarge, NotFound (nothing is encrypted), and
    NotVerified for another password or key, and for anything that was changed."""
    limits = limits or Limits()
    most = max(_SMALL, _GROWTH * len(data))  # what is encrypted cannot be packed smaller
    limits = replace(limits, total=min(limits.total, most))
    package = naming.open_container(data, limits)
    if naming.ENTRY_FILE not in package:
        raise NotFound("the package is not encrypted", where=naming.ENTRY_FILE)
    parts = {name: package.read(name) for name in package.parts}
    layers = _layers(package)
    authenticated, digest = True, ""
    levels: dict[str, int] = {}
    for layer in reversed(layers):
        key, iv, code = _open(parts, layer, holder, limits)
        proven = _proven(parts, layer, key, code)
        authenticated = authenticated and proven
        levels, digest = _reveal(parts, layer, (key, iv), limits)
    parts.pop(naming.ENTRY_FILE, None)
    if ENTRY not in parts:
        raise NotVerified("what was decrypted is no package", where=ENTRY)
    result = _packed(parts, levels)
    return Decrypted(result, authenticated, bool(digest) and sm3.digest(result).hex() == digest)


def _layers(package: Package) -> list[_Layer]:
    """In the order in which they were laid; decrypting goes backwards."""
    where = naming.ENTRY_FILE
    root = package.xml(where)
    if px.local(root) != "Encryptions":
        raise Malformed("no list of encryptions", where=where)
    found = [
        _Layer(
            naming.part_of(px.text(info, "DecryptSeedLoc"), where),
            naming.part_of(px.text(info, "EntriesMapLoc"), where),
        )
        for info in px.children(root, "EncryptInfo")
    ]
    if not 0 < len(found) <= MOST_LAYERS:
        raise Malformed(f"a package is encrypted 1 to {MOST_LAYERS} times", where=where)
    return found


def _open(
    parts: dict[str, bytes], layer: _Layer, holder: Holder, limits: Limits
) -> tuple[bytes, bytes, str]:
    """File key, IV and authentication code of a layer."""
    root = px.parse(_part(parts, layer.seed), where=layer.seed, limits=limits)
    case = root.get("EncryptCaseId", "")
    if case and case not in (naming.PASSWORD, naming.CERTIFICATE):
        raise NotVerified(f"encryption of the kind {case[:20]} is not supported", where=layer.seed)
    if case and case != holder.case:
        raise NotVerified(
            "the package is encrypted for "
            + ("passwords" if case == naming.PASSWORD else "certificates"),
            where=layer.seed,
        )
    users = list(px.children(root, "UserInfo"))
    if not 0 < len(users) <= MOST_USERS:
        raise Malformed(f"a package is encrypted for 1 to {MOST_USERS} users", where=layer.seed)
    for user in users:
        if holder.name and user.get("UserName", "") != holder.name:
            continue
        iv, wrapped = _base64(user, "IVValue", layer), _base64(user, "EncryptedWK", layer)
        if len(iv) != sm4.BLOCK:
            raise Malformed("an IV that is not of 16 bytes", where=layer.seed)
        key = holder.unwrap(user, iv, wrapped)
        if key is not None and len(key) == naming.KEY_SIZE and _fits(parts, layer, key, iv):
            return key, iv, _code(root)
    raise _closed(layer)


def _fits(parts: dict[str, bytes], layer: _Layer, key: bytes, iv: bytes) -> bool:
    """Whether the map opens with the key: a wrong password passes the padding once in 256."""
    return _plain_map(parts, layer, key, iv) is not None


def _plain_map(parts: dict[str, bytes], layer: _Layer, key: bytes, iv: bytes) -> bytes | None:
    content = _part(parts, layer.map)
    try:
        plain = sm4.cbc_decrypt(key, iv, content)
    except Problem:
        plain = b""
    if b"EncryptEntries" in plain[:400]:
        return plain
    return content if b"EncryptEntries" in content[:400] else None  # some leave the map in clear


def _code(root: Element) -> str:
    for item in px.children(px.child(root, "ExtendParams"), "Parameter"):
        if item.get("Name") == naming.MAC:
            return px.text(item)
    return ""


def _proven(parts: dict[str, bytes], layer: _Layer, key: bytes, code: str) -> bool:
    """False if the layer carries no code (other programs' files). Raises NotVerified."""
    if not code:
        return False
    plain = {layer.seed, naming.ENTRY_FILE, naming.LIST, naming.SIGNED_VALUE}
    secret = {name: content for name, content in parts.items() if name not in plain}
    if not hmac.compare_digest(encryption.mac(key, secret).encode(), code.encode()):
        raise _closed(layer)
    return True


def _reveal(
    parts: dict[str, bytes], layer: _Layer, secret: tuple[bytes, bytes], limits: Limits
) -> tuple[dict[str, int], str]:
    """Put the files of a layer in place; the levels of compression and the digest it notes."""
    key, iv = secret
    plain = _plain_map(parts, layer, key, iv)
    if plain is None:
        raise _closed(layer)
    try:
        root = px.parse(plain, where=layer.map, limits=limits)
    except Malformed as problem:
        raise _closed(layer) from problem
    levels: dict[str, int] = {}
    found: dict[str, bytes] = {}
    for path, hidden, level in _entries(root, layer, limits):
        if path in found or hidden not in parts:
            raise Malformed("the map names a file twice, or one that is not there", where=layer.map)
        try:
            found[path] = sm4.cbc_decrypt(key, iv, parts[hidden])
        except Problem as problem:
            raise _closed(layer) from problem
        if level:
            levels[path] = level
    for _, hidden, _level in _entries(root, layer, limits):
        parts.pop(hidden, None)
    for name in (layer.seed, layer.map):
        parts.pop(name, None)
    _drop_list(parts)
    parts.update(found)
    return levels, root.get(_DIGEST, "")


def _entries(root: Element, layer: _Layer, limits: Limits) -> Iterator[tuple[str, str, int]]:
    for count, item in enumerate(px.children(root, "EncryptEntry")):
        if count >= limits.parts:
            raise TooLarge(f"more than {limits.parts} encrypted files", where=layer.map)
        if item.get("DecryptSeedLoc"):
            raise NotVerified("files with keys of their own are not supported", where=layer.map)
        path = naming.part_of(item.get("Path", ""), layer.map)
        hidden = naming.part_of(item.get("EPath", ""), layer.map)
        if path == naming.ENTRY_FILE or hidden in (naming.ENTRY_FILE, layer.seed, layer.map):
            raise Malformed("the map names a file of the encryption itself", where=layer.map)
        word = item.get(_LEVEL, "")
        yield path, hidden, int(word) if word in "123456789" and word else 0


def _drop_list(parts: dict[str, bytes]) -> None:
    """A list of the encrypted files (防夹带) says nothing of those in the clear. It is outside of
    the authentication code, and so is its value, which nobody may leave here without it."""
    parts.pop(naming.SIGNED_VALUE, None)
    if naming.LIST in parts:
        try:
            root = px.parse(parts[naming.LIST], where=naming.LIST, limits=Limits())
            parts.pop(naming.part_of(px.text(root, "SignedValueLoc"), naming.LIST), None)
        except (Problem, etree.LxmlError):
            pass
        del parts[naming.LIST]


def _packed(parts: dict[str, bytes], levels: dict[str, int]) -> bytes:
    container = Container()
    for name, content in parts.items():
        if name in levels:
            container.deflate(name, content, level=levels[name])
        else:
            container.store(name, content)
    return container.finish()


def _part(parts: dict[str, bytes], name: str) -> bytes:
    if name not in parts:
        raise Malformed("a file of the encryption is missing", where=name)
    return parts[name]


def _base64(user: Element, name: str, layer: _Layer) -> bytes:
    try:
        return base64.b64decode("".join(px.text(user, name).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("a key that is not Base64", where=layer.seed) from error


def _closed(layer: _Layer) -> NotVerified:
    return NotVerified(
        "the package does not open: another password or key, or it was changed",
        where=layer.seed,
        remedy="ask who encrypted it which recipient it is for",
    )
