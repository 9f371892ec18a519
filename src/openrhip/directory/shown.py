"""What the commands of the directory print: masked, as plain values for JSON (命令输出)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openrhip.directory.rules.names import mask_name

if TYPE_CHECKING:
    from openrhip.directory import service as directory


def institution(item: directory.Institution) -> dict[str, Any]:
    return {"code": item.code, "name": item.name, "kind": item.kind, "aliases": item.aliases}


def person(item: directory.Person) -> dict[str, Any]:
    return {
        "person": item.person_id,
        "name": mask_name(item.name),
        "sex": item.sex,
        "birth_year": item.birth_date.year,
        "names": [mask_name(name) for name in item.names],
        "numbers": [
            {"kind": n.kind, "masked": n.masked, "source": n.source, "contested": n.contested}
            for n in item.numbers
        ],
        "merged": item.merged_ids,
    }


def person_line(item: directory.Person) -> str:
    return f"{item.person_id}  {mask_name(item.name)}  {item.birth_date.year}  {item.id_number}"


def step(step: directory.MergeStep) -> dict[str, Any]:
    return {
        "step": step.step_id,
        "verb": step.verb,
        "person": step.person_id,
        "survivor": step.survivor_id,
        "at": step.at,
        "by": step.by,
        "strength": step.strength,
        "why": step.why,
        "receipt": step.receipt,
    }


def consent(item: directory.ConsentView) -> dict[str, Any]:
    return {
        "consent": item.consent_id,
        "status": item.status.value,
        "effect": item.scope.effect.value,
        "grantee": item.scope.grantee.value,
        "grantee_code": item.scope.grantee_code,
        "purposes": item.scope.purposes,
        "kinds": item.scope.kinds,
        "level": item.scope.level,
        "from": item.valid_from,
        "until": item.valid_until,
        "withdrawn": item.withdrawn_at,
        "pending": item.pending,
    }


def contact(item: directory.ContactView | None) -> dict[str, Any]:
    """The number that codes and notices go to; empty if there is none."""
    if item is None:
        return {}
    return {
        "phone": item.phone,
        "how": item.how.value,
        "at": item.at,
        "by": item.by,
        "strength": item.strength,
        "receipt": item.receipt,
    }


def contact_line(item: directory.ContactView | None) -> str:
    """The same for people."""
    if item is None:
        return "no number; a records clerk sets the first one"
    return f"{item.phone}  {item.how.value}  {item.at:%Y-%m-%d %H:%M}  {item.by}"
