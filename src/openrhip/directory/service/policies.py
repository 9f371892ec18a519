"""The policy set in force (现行授权策略): check, apply, show."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from openrhip.directory import models
from openrhip.directory.rules.access import Actor, Office, require
from openrhip.directory.rules.facts import PolicySetInfo
from openrhip.directory.rules.names import sentence
from openrhip.directory.rules.policy import LARGEST_SET, PolicySet, PolicyTexts, compiled
from openrhip.directory.service import entries
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, TooLarge
from openrhip.kernel.ids import new_id

_in_force: dict[str, PolicySet] = {}


def shipped() -> PolicyTexts:
    """The policies that come with the program."""
    return _shipped()


def read_folder(folder: Path) -> PolicyTexts:
    """Policy files of a folder. Raises NotFound, Malformed, TooLarge."""
    if not folder.is_dir():
        raise NotFound("no such folder", where=str(folder))
    files: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".cedar", ".cedarschema"}:
            if path.stat().st_size > LARGEST_SET:
                raise TooLarge("a policy file is too large", where=path.name)
            try:
                files[path.name] = path.read_text("utf-8")
            except UnicodeDecodeError as error:
                raise Malformed("a policy file is not UTF-8", where=path.name) from error
    return PolicyTexts.of(files)


def check_policies(texts: PolicyTexts | None = None) -> PolicySet:
    """Parse and validate a set (the shipped one by default). Raises Malformed."""
    return compiled(texts or shipped())


def current_policies() -> PolicySet:
    """The set in force: the newest applied, else the shipped one. Parsed once per process."""
    rows = models.PolicySetRow.objects.order_by("-pk")
    return set_of(rows.values_list("digest", flat=True).first())


def set_of(digest: str | None) -> PolicySet:
    """The applied set of this digest, None for the shipped one. Raises NotVerified.

    Kept by digest: what is kept is what the digest says, whatever the table says since.
    """
    if digest is None:
        return compiled(shipped())
    found = _in_force.get(digest)
    if found is None:
        row = models.PolicySetRow.objects.filter(digest=digest).order_by("-pk")[0]
        found = compiled(PolicyTexts.of(row.files))
        if found.digest != digest:
            raise NotVerified("the stored policies no longer match their digest")
        _in_force.clear()
        _in_force[digest] = found
    return found


def apply_policies(*, texts: PolicyTexts | None = None, by: Actor, why: str) -> PolicySetInfo:
    """Put a checked set in force, ledger entry first; the one in force is not applied again."""
    require(by, Office.POLICY)
    wanted = check_policies(texts)
    reason = sentence(why, where="why")
    before = policy_set_info()
    if before.applied_at is not None and before.digest == wanted.digest:
        return before
    fields = entries.fields_of(by, policy_set=wanted.digest, action="activate")
    receipt = entries.append("policy", fields, key=new_id())
    with writing():
        models.PolicySetRow.objects.create(
            digest=wanted.digest,
            files=wanted.texts.as_files(),
            at=clock.now(),
            by=by.reference,
            why=reason,
            receipt=receipt,
        )
    return policy_set_info()


def policy_set_info() -> PolicySetInfo:
    """Digest, texts and origin of the set in force."""
    row = models.PolicySetRow.objects.order_by("-pk").first()
    if row is None:
        texts = shipped()
        return PolicySetInfo(texts.digest(), tuple(texts.as_files().items()), None, "", "")
    files = PolicyTexts.of(row.files).as_files()
    return PolicySetInfo(row.digest, tuple(files.items()), row.at, row.by, row.why)


@cache
def _shipped() -> PolicyTexts:
    folder = resources.files("openrhip.directory") / "policies"
    return PolicyTexts.of(
        {
            item.name: item.read_text("utf-8")
            for item in folder.iterdir()
            if item.name.endswith((".cedar", ".cedarschema"))
        }
    )
