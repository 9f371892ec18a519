"""The folder of a ledger (账本目录): `<home>/ledger/` with key, token and, by default, the store.

log.key.pem    private key of the log, mode 0600 (back it up apart from the store)
log.vkey       public key for verifiers: hand it out
append.token   what the centre must show to append, mode 0600
log.sqlite3    the embedded store
last.note      the newest checkpoint that was signed, against a store that went back
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from openrhip.kernel.errors import Conflict, Misconfigured, Problem
from openrhip.kernel.files import write_durably
from openrhip.ledger.rules.checkpoints import Checkpoint
from openrhip.ledger.rules.hashing import profile_named
from openrhip.ledger.rules.notes import LogKey, NoteSigner, open_note


@dataclass(frozen=True, slots=True)
class Home:
    """folder: `<home>/ledger`."""

    folder: Path

    @classmethod
    def of(cls, home: Path) -> Home:
        return cls(home / "ledger")

    def init(self, *, origin: str, profile: str) -> LogKey:
        """Make key and token; the same call again changes nothing. Raises Conflict, Malformed."""
        kind = profile_named(profile)
        if (self.folder / "log.vkey").exists():
            key = self.key()
            if (key.name, key.profile) != (origin, kind):
                raise Conflict(
                    f"the home folder holds the {key.profile.name} log {key.name}",
                    where=str(self.folder),
                )
        else:
            signer = NoteSigner.generate(origin, kind)
            key = signer.key
            write_durably(self.folder / "log.key.pem", signer.pem())
            write_durably(self.folder / "log.vkey", f"{key}\n".encode(), mode=0o644)
        if not (self.folder / "append.token").exists():
            write_durably(self.folder / "append.token", secrets.token_urlsafe(32).encode())
        return key

    def key(self) -> LogKey:
        """The public key. Raises Misconfigured."""
        return LogKey.parse(self._text("log.vkey"))

    def signer(self) -> NoteSigner:
        """The private key. Raises Misconfigured, also if it is not that of the public one."""
        key = self.key()
        pem = self._text("log.key.pem").encode()
        signer = NoteSigner.from_pem(key.name, key.profile, pem)
        if signer.key != key:
            raise Misconfigured(
                "log.key.pem and log.vkey do not belong together", where=str(self.folder)
            )
        return signer

    def token(self) -> str:
        """What /append wants to see. Raises Misconfigured."""
        return self._text("append.token").strip()

    def last(self, key: LogKey) -> Checkpoint | None:
        """The newest checkpoint noted down beside the store; None if there is none to read."""
        try:
            return Checkpoint.parse(
                open_note((self.folder / "last.note").read_text("utf-8"), [key])
            )
        except (Problem, OSError, UnicodeDecodeError):
            return None

    def note_down(self, note: str) -> None:
        """Keep the newest checkpoint. Not fsynced: it must never be newer than the store."""
        path = self.folder / "last.note.new"
        path.write_text(note, "utf-8")
        path.replace(self.folder / "last.note")

    def _text(self, name: str) -> str:
        path = self.folder / name
        try:
            return path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(
                "a file of the ledger cannot be read",
                where=str(path),
                remedy="openrhip ledger init",
            ) from error
