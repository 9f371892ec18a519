"""Names, identifiers and keys of GM/T 0099-2020; containers without OFD.xml in the clear."""

from __future__ import annotations

import base64
import posixpath

from openrhip.formats.gm import sm3
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.package_zip import Limits, read_directory
from openrhip.kernel.errors import Malformed, Problem

ENTRY_FILE = "Encryptions.xml"
SEED = "decryptseed.dat"
MAP = "entriesmap.dat"
FOLDER = "enc"
PASSWORD, CERTIFICATE = "1.1.1", "1.1.2"
"""EncryptCaseId of appendix A: by password, by certificate; SM4 in CBC mode, PKCS#7 padding."""
LIST = "OFDEntries.xml"
SIGNED_VALUE = "signedvalue.dat"
KEY_SIZE = 16
OWN = "urn:openrhip:gmt0099:1"
"""Namespace of what this package notes in the (encrypted) map for itself."""
MAC = "openrhip.mac"
"""ExtendParams: HMAC-SM3 over all that is encrypted, Base64."""
_MOST_PATH = 400


def open_container(data: bytes, limits: Limits) -> Package:
    """The parts of a container, whatever they are. Raises Malformed, TooLarge."""
    entries = {entry.name: entry for entry in read_directory(data, limits)}
    return Package(data, entries, limits, exact=True)


def is_encrypted(data: bytes) -> bool:
    """Whether a container says that files of it are encrypted; False if it is no container."""
    try:
        return ENTRY_FILE in open_container(data, Limits())
    except Problem:
        return False


def part_of(location: str, where: str) -> str:
    """The part that an absolute location names. Raises Malformed for anything else."""
    path = location.strip().removeprefix("/")
    odd = not path or len(path) > _MOST_PATH or "\\" in path or path.endswith("/")
    if odd or posixpath.normpath(path) != path or path.startswith(("..", "/")):
        raise Malformed("a location that leads nowhere in the package", where=where)
    return path


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def password_key(password: bytes) -> bytes:
    """The key that wraps the file key: the derivation of GB/T 32918.4 over the password."""
    return sm3.digest(password + b"\0\0\0\x01")[:KEY_SIZE]


def mac_key(file_key: bytes) -> bytes:
    return sm3.hmac(file_key, b"openrhip.mac")
