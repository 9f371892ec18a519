"""GM/T 0099-2020 (OFD 密码应用技术规范): the integrity list and encryption for named recipients.

`protect` lists every file of a package and signs the list (防夹带), `check_integrity` judges it.
`encrypt` and `decrypt` hide a package's files from all but those who hold a password or a key.

The list names files and says nothing of their bytes: those are what signatures of the document
protect. SM4-CBC hides and does not authenticate: sign first, then encrypt, then list; what was
decrypted is to be verified like any other file. See docs/ofd.md.
"""

from __future__ import annotations

from openrhip.formats.ofd.profiles.gmt0099.decryption import (
    Decrypted,
    KeyHolder,
    PasswordHolder,
    decrypt,
)
from openrhip.formats.ofd.profiles.gmt0099.encryption import (
    CertificateRecipient,
    PasswordRecipient,
    encrypt,
)
from openrhip.formats.ofd.profiles.gmt0099.integrity import IntegrityReport, protect
from openrhip.formats.ofd.profiles.gmt0099.integrity import check as check_integrity
from openrhip.formats.ofd.profiles.gmt0099.naming import is_encrypted

__all__ = [
    "CertificateRecipient",
    "Decrypted",
    "IntegrityReport",
    "KeyHolder",
    "PasswordHolder",
    "PasswordRecipient",
    "check_integrity",
    "decrypt",
    "encrypt",
    "is_encrypted",
    "protect",
]
