"""Who holds a certificate (证书持有者): an institution itself, or a member of its staff.

Both carry the institution's code (organizationIdentifier); a member of staff has a staff code (UID)
besides. An institution's own certificate has none, and its common name is the institution's name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from openrhip.formats.gm.certs import Certificate


def institution_code(certificate: Certificate | None) -> str:
    """The institution's code (organizationIdentifier), or ""."""
    return certificate.attribute("organizationIdentifier") if certificate else ""


def staff_code(certificate: Certificate | None) -> str:
    """The staff code (UID), or ""."""
    return certificate.attribute("UID") if certificate else ""


def speaks_for(certificate: Certificate | None, code: str, *, names: Iterable[str]) -> bool:
    """Whether this is the certificate of the institution itself, under a name it is known by."""
    if certificate is None or institution_code(certificate) != code or staff_code(certificate):
        return False
    own = same_name(certificate.common_name)
    return own == same_name(certificate.organization) and is_name(own, names)


def is_name(name: str, names: Iterable[str]) -> bool:
    """Whether an institution is known under this name; width and blank space do not count."""
    return same_name(name) in {same_name(one) for one in names}


def same_name(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())
