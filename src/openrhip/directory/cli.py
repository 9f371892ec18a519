"""`openrhip directory`: institutions, people, consents, policies, keys; numbers are masked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from openrhip.directory import shown

if TYPE_CHECKING:
    from openrhip.directory import service as directory

F = TypeVar("F", bound=Callable[..., Any])


def _json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def _by_options(command: F) -> F:
    command = click.option("--why", required=True, help="Reason, kept with the change.")(command)
    return click.option("--by", required=True, help="Code of the member of staff who does it.")(
        command
    )


def _service() -> Any:
    from openrhip.directory import service

    return service


def _say(as_json: bool, value: Any, lines: list[str]) -> None:
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, default=_plain))
    else:
        click.echo("\n".join(lines))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _by(code: str) -> directory.Actor:
    """The active member of staff who types; that the machine let them in is all that is proven."""
    service = _service()
    return service.actor_of_staff(code, strength=service.Strength.MACHINE)  # type: ignore[no-any-return]


def _asker(code: str) -> directory.Actor:
    """A member of staff to explain a decision for, also one who left."""
    service = _service()
    member = service.staff(code)
    return service.Actor(  # type: ignore[no-any-return]
        staff_code=member.code,
        institution_code=member.institution_code,
        department_code=member.department_code,
        roles=member.roles,
    )


@click.group()
def cli() -> None:
    """Institutions, people, consent and permission (目录、主索引、同意、授权)."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
    django.setup()


@cli.command()
@_json_option
def institutions(as_json: bool) -> None:
    """List institutions with their aliases, and the names that several claim."""
    service = _service()
    known = service.institutions()
    doubtful = {
        item.asked: [place.code for place in item.institutions]
        for item in service.ambiguous_names()
    }
    value = {"institutions": [shown.institution(item) for item in known], "ambiguous": doubtful}
    lines = [
        f"{item.code}  {item.name}" + "".join(f"\n    = {alias}" for alias in item.aliases)
        for item in known
    ]
    lines += [f"ambiguous: {name}: {', '.join(codes)}" for name, codes in doubtful.items()]
    _say(as_json, value, lines)


@cli.command()
@click.argument("file", type=click.File("rb"))
@_json_option
def load(file: BinaryIO, as_json: bool) -> None:
    """Register institutions, departments and staff from a JSON FILE; all of it or nothing."""
    done = _service().load_directory(file.read((16 << 20) + 1), by="command")
    _say(as_json, done, [", ".join(f"{many} {what}" for what, many in done.items())])


@cli.command()
@click.argument("name")
@_json_option
def resolve(name: str, as_json: bool) -> None:
    """Say which institution a code or name means, and how sure that is."""
    found = _service().resolve(name)
    value = {
        "asked": found.asked,
        "how": found.how.value,
        "institutions": [shown.institution(item) for item in found.institutions],
    }
    _say(as_json, value, [found.how.value, *(f"{i.code}  {i.name}" for i in found.institutions)])


@cli.command()
@click.argument("person_id")
@_json_option
def person(person_id: str, as_json: bool) -> None:
    """Show a person, masked, with the history of merges."""
    service = _service()
    found = service.person(person_id)
    history = service.merge_history(person_id)
    value = {**shown.person(found), "history": [shown.step(step) for step in history]}
    lines = [shown.person_line(found)]
    lines += [f"  {n.kind} {n.masked} ({n.source})" for n in found.numbers]
    lines += [
        f"  {step.at:%Y-%m-%d %H:%M} {step.verb} {step.person_id} by {step.by}: {step.why}"
        for step in history
    ]
    _say(as_json, value, lines)


@cli.command()
@click.option("--all", "everything", is_flag=True, help="Settled ones too.")
@_json_option
def reviews(everything: bool, as_json: bool) -> None:
    """List doubtful pairs of the patient index (疑似重复)."""
    found = _service().reviews(open_only=not everything)
    value = [
        {
            "review": item.review_id,
            "points": item.points,
            "agree": item.agree,
            "differ": item.differ,
            "verdict": item.verdict,
            "fresh": shown.person(item.fresh),
            "known": shown.person(item.known),
        }
        for item in found
    ]
    lines = [
        f"{item.review_id}  {item.points} points  agree {', '.join(item.agree)}"
        f"  differ {', '.join(item.differ) or '-'}  {item.verdict}\n"
        f"    {shown.person_line(item.fresh)}\n    {shown.person_line(item.known)}"
        for item in found
    ]
    _say(as_json, value, lines)


@cli.command()
@click.argument("survivor")
@click.argument("merged")
@_by_options
@_json_option
def merge(survivor: str, merged: str, by: str, why: str, as_json: bool) -> None:
    """Make MERGED an entry of SURVIVOR (合并)."""
    step = _service().merge(survivor=survivor, merged=merged, by=_by(by), why=why)
    _say(as_json, shown.step(step), [f"merged {step.person_id} into {step.survivor_id}"])


@cli.command()
@click.argument("person_id")
@_by_options
@_json_option
def unmerge(person_id: str, by: str, why: str, as_json: bool) -> None:
    """Take PERSON_ID out of its survivor again (拆分)."""
    step = _service().unmerge(person_id=person_id, by=_by(by), why=why)
    _say(as_json, shown.step(step), [f"took {step.person_id} out of {step.survivor_id}"])


@cli.command()
@click.argument("person_id")
@_json_option
def contact(person_id: str, as_json: bool) -> None:
    """Show the number that codes and notices to a person go to, masked (联系号码)."""
    found = _service().contact_of(person_id)
    _say(as_json, shown.contact(found), [shown.contact_line(found)])


@cli.command("set-contact")
@click.argument("person_id")
@click.argument("phone")
@_by_options
@_json_option
def set_contact(person_id: str, phone: str, by: str, why: str, as_json: bool) -> None:
    """Set the number of PERSON_ID to PHONE; --why names the paper seen (联系号码)."""
    found = _service().set_contact(person_id=person_id, phone=phone, by=_by(by), evidence=why)
    _say(as_json, shown.contact(found), [shown.contact_line(found)])


@cli.command()
@click.argument("person_id")
@_json_option
def consents(person_id: str, as_json: bool) -> None:
    """List the consents and objections of a person."""
    found = _service().consents_of(person_id)
    value = [shown.consent(item) for item in found]
    lines = [
        f"{item.consent_id}  {item.status}  {item.scope.effect} {item.scope.grantee} "
        f"{item.scope.grantee_code} level {item.scope.level}"
        f"{'  (ledger entry pending)' if item.pending else ''}"
        for item in found
    ]
    _say(as_json, value, lines)


@cli.group()
def policy() -> None:
    """The policy set (授权策略)."""


@policy.command()
@click.argument(
    "folder", required=False, type=click.Path(path_type=Path, file_okay=False, exists=True)
)
@_json_option
def check(folder: Path | None, as_json: bool) -> None:
    """Parse and validate the policies of FOLDER (default: those shipped)."""
    service = _service()
    found = service.check_policies(service.read_folder(folder) if folder else None)
    value = {"policy_set": found.digest, "policies": sorted(found.policies)}
    _say(as_json, value, [f"{len(found.policies)} policies hold; set {found.digest}"])


@policy.command()
@click.argument(
    "folder", required=False, type=click.Path(path_type=Path, file_okay=False, exists=True)
)
@_by_options
@_json_option
def apply(folder: Path | None, by: str, why: str, as_json: bool) -> None:
    """Put the policies of FOLDER (default: those shipped) in force, with a ledger entry."""
    service = _service()
    texts = service.read_folder(folder) if folder else None
    info = service.apply_policies(texts=texts, by=_by(by), why=why)
    value = {"policy_set": info.digest, "applied_at": info.applied_at}
    _say(as_json, value, [f"in force: {info.digest}"])


@policy.command()
@click.option("--staff", "staff_code", help="Ask for this member of staff ...")
@click.option("--person", "person_id", help="... about this patient:")
@click.option("--purpose", default="treatment", show_default=True, help="purpose of use")
@click.option("--kind", default="C0001", show_default=True, help="kind of document")
@click.option("--level", default=4, show_default=True, help="sensitivity of the document, 1 to 5")
@click.option("--custodian", default="", help="institution that keeps it (default: the actor's)")
@click.option("--reason", default="", help="reason of an emergency")
@click.option("--second-factor", is_flag=True, help="signed in with a second factor")
@_json_option
def explain(as_json: bool, staff_code: str | None, person_id: str | None, **asked: Any) -> None:
    """Show every policy in both languages; with --staff and --person, what they decide and why."""
    if staff_code and person_id:
        _explain_decision(as_json, staff_code, person_id, asked)
        return
    service = _service()
    rows = service.explain_policies()
    value = [
        {"effect": effect, "id": r.id, "zh": r.zh, "en": r.en, "duties": duties}
        for effect, r, duties in rows
    ]
    lines = [f"set {service.policy_set_info().digest}"]
    lines += [f"{effect:6} {r.id}\n       {r.zh}\n       {r.en}" for effect, r, _ in rows]
    _say(as_json, value, lines)


@cli.group()
def keys() -> None:
    """The keys of sealed columns (密钥)."""


@keys.command()
@_json_option
def create(as_json: bool) -> None:
    """Make the first keys in the home folder; an existing ring is kept."""
    from openrhip.directory.adapters import keys as rings

    rings.FileKeyRing.create(rings.folder())
    _say(as_json, {"folder": str(rings.folder())}, [f"keys are in {rings.folder()}"])


@keys.command()
@_json_option
def rotate(as_json: bool) -> None:
    """Add newer keys; restart the processes, then run `keys reseal`."""
    from openrhip.directory.adapters import keys as rings

    rings.FileKeyRing.rotate(rings.folder())
    _say(as_json, {"folder": str(rings.folder())}, ["newer keys are in the ring"])


@keys.command()
@_json_option
def reseal(as_json: bool) -> None:
    """Seal every number anew under the newest keys."""
    done = _service().reseal()
    _say(as_json, {"resealed": done}, [f"{done} values sealed anew"])


def _explain_decision(
    as_json: bool, staff_code: str, person_id: str, asked: dict[str, Any]
) -> None:
    from dataclasses import replace

    from openrhip.kernel.errors import Malformed

    service = _service()
    who = _asker(staff_code)
    if asked["second_factor"]:
        who = replace(who, strength=service.Strength.SECOND_FACTOR)
    try:
        purpose = service.Purpose(asked["purpose"])
    except ValueError as error:
        raise Malformed("not a purpose", where="--purpose") from error
    document = service.DocumentFacts(
        document_id="explain",
        kind=asked["kind"],
        custodian_code=asked["custodian"] or who.institution_code,
        level=asked["level"],
    )
    decision = service.decide(
        who=who,
        whose=person_id,
        document=document,
        purpose=purpose,
        emergency_reason=asked["reason"],
    )
    value = {
        "allowed": decision.allowed,
        "reasons": decision.reasons,
        "policy_set": decision.policy_set,
        "obligations": [duty.obligation.value for duty in decision.obligations],
    }
    _say(as_json, value, ["permit" if decision.allowed else "deny", *decision.reasons])
