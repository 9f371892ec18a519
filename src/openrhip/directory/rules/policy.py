"""The policy engine (授权策略): Cedar files in, verdicts with named reasons out.

A policy set is a schema and policy texts. It is parsed and validated once; its hash is SM3 over
the canonical JSON of the texts, so that anybody can recompute it. Every policy carries @id, @zh
and @en.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import cedarpy

from openrhip.directory.rules.access import (
    Action,
    Actor,
    DocumentFacts,
    Duty,
    Obligation,
    Purpose,
    Reason,
)
from openrhip.formats.gm import sm3
from openrhip.kernel.canonical import canonical_json
from openrhip.kernel.errors import Malformed, TooLarge

SCHEMA_NAME = "schema.cedarschema"
LARGEST_SET = 1 << 20
MOST_POLICIES = 500
SHORTEST_REASON = 4
"""An emergency reason of fewer characters says nothing."""
_DUTY = re.compile(r"(?P<name>[a-z-]+)(?::(?P<hours>\d{1,4})h)?")


@dataclass(frozen=True, slots=True)
class PolicyTexts:
    """schema and policies: name of file → text. Line ends are \\n."""

    schema: str
    policies: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, files: Mapping[str, str]) -> PolicyTexts:
        """From the files of a folder. Raises Malformed, TooLarge."""
        texts = {name: text.replace("\r\n", "\n") for name, text in files.items()}
        if SCHEMA_NAME not in texts:
            raise Malformed("a policy set needs its schema", where=SCHEMA_NAME)
        if sum(len(text) for text in texts.values()) > LARGEST_SET:
            raise TooLarge(f"a policy set has at most {LARGEST_SET} characters")
        policies = sorted((n, t) for n, t in texts.items() if n.endswith(".cedar"))
        if not policies:
            raise Malformed("a policy set needs at least one .cedar file")
        return cls(texts[SCHEMA_NAME], tuple(policies))

    def as_files(self) -> dict[str, str]:
        return {SCHEMA_NAME: self.schema, **dict(self.policies)}

    def digest(self) -> str:
        """SM3, hex, over canonical JSON {file name: text} of schema and policies."""
        return sm3.hexdigest(canonical_json(self.as_files()))


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy as people read it."""

    id: str
    effect: str
    zh: str
    en: str
    duties: tuple[tuple[Obligation, int | None], ...]
    file: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision rests on beside the policies."""

    who: Actor
    active: bool
    patient_id: str
    document: DocumentFacts
    purpose: Purpose
    action: Action
    treating: bool
    guardian: bool
    reason: str
    consent_level: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """allowed; the policies that decided; duties with deadlines."""

    allowed: bool
    why: tuple[Reason, ...]
    duties: tuple[Duty, ...]


class PolicySet:
    """A checked policy set. Thread-safe: nothing in it changes."""

    def __init__(self, texts: PolicyTexts) -> None:
        self.texts = texts
        self.digest = texts.digest()
        self.policies = _read(texts)
        joined = "\n".join(text for _, text in texts.policies)
        try:
            self._schema = cedarpy.Schema.from_str(texts.schema)
            self._set = cedarpy.PolicySet.from_str(joined)
        except ValueError as error:
            raise Malformed(f"the policies do not parse: {_brief(error)}") from error
        checked = cedarpy.validate_policies(joined, texts.schema)
        if not checked.validation_passed:
            names = checked.id_annotations_by_policy_id
            found = [f"{names.get(e.policy_id, e.policy_id)}: {e.error}" for e in checked.errors]
            raise Malformed(f"the policies do not fit the schema: {_brief('; '.join(found))}")

    def decide(self, facts: Facts, *, at: datetime) -> Verdict:
        """Deny by default; forbid beats permit; an error in a policy denies."""
        result = cedarpy.is_authorized(_request(facts), self._set, _entities(facts), self._schema)
        ids = sorted(set(result.diagnostics.id_annotations_by_reason.values()))
        if result.diagnostics.errors:
            broken = Reason("policy-error", "策略执行出错，一律拒绝", "a policy failed; denied")
            return Verdict(allowed=False, why=(broken,), duties=())
        chosen = [self.policies[policy_id] for policy_id in ids]
        why = tuple(Reason(policy.id, policy.zh, policy.en) for policy in chosen)
        if not result.allowed:
            return Verdict(allowed=False, why=why or missing(facts), duties=())
        return Verdict(allowed=True, why=why, duties=_duties(chosen, at))


@lru_cache(maxsize=8)
def compiled(texts: PolicyTexts) -> PolicySet:
    """Parse and validate once per process and text."""
    return PolicySet(texts)


def missing(facts: Facts) -> tuple[Reason, ...]:
    """Why nothing permitted it, in the order in which a person would ask."""
    found = [Reason("default-deny", "没有任何策略许可此次访问", "no policy permits this")]
    staff = bool(facts.who.staff_code)
    if facts.purpose is Purpose.TREATMENT and staff and not facts.treating:
        found.append(
            Reason(
                "no-treatment-relation", "没有现行的诊疗关系", "there is no treatment relation now"
            )
        )
    if facts.purpose is Purpose.EMERGENCY and not facts.reason:
        found.append(Reason("no-reason", "急救访问须写明理由", "an emergency needs a reason"))
    if facts.purpose is Purpose.EMERGENCY and staff and not facts.who.second_factor:
        found.append(
            Reason("no-second-factor", "须使用第二鉴别因素登录", "a second factor is needed")
        )
    if staff and facts.consent_level < facts.document.level and not facts.treating:
        found.append(Reason("no-consent", "没有现行有效的同意", "there is no consent in force"))
    if not staff and not facts.guardian and facts.who.person_id != facts.patient_id:
        found.append(
            Reason("not-own-record", "不是本人，也不是监护人", "neither the person nor a guardian")
        )
    return tuple(found)


def clean_reason(text: str | None) -> str:
    """The emergency reason, or nothing if it says nothing. Raises TooLarge over 500 characters."""
    reason = (text or "").strip()
    if len(reason) > 500:
        raise TooLarge("a reason has at most 500 characters", where="emergency_reason")
    return reason if len(reason) >= SHORTEST_REASON else ""


def _read(texts: PolicyTexts) -> dict[str, Policy]:
    found: dict[str, Policy] = {}
    for name, text in texts.policies:
        try:
            parsed = json.loads(cedarpy.policies_to_json_str(text))
        except ValueError as error:
            raise Malformed(f"not Cedar: {_brief(error)}", where=name) from error
        if parsed.get("templates"):
            raise Malformed("templates are not used here", where=name)
        for policy in parsed["staticPolicies"].values():
            item = _policy(policy, name)
            if item.id in found:
                raise Malformed(f"two policies are called {item.id}", where=name)
            found[item.id] = item
    if len(found) > MOST_POLICIES:
        raise TooLarge(f"at most {MOST_POLICIES} policies; consents are attributes, not policies")
    return found


def _policy(policy: Mapping[str, Any], file: str) -> Policy:
    notes: Mapping[str, str] = policy.get("annotations", {})
    for wanted in ("id", "zh", "en"):
        if not notes.get(wanted):
            raise Malformed(f"a policy lacks its @{wanted}", where=f"{file}/{notes.get('id', '?')}")
    duties = _duty_names(notes.get("duties", "") or "", f"{file}/{notes['id']}")
    return Policy(notes["id"], policy["effect"], notes["zh"], notes["en"], duties, file)


def _duty_names(text: str, where: str) -> tuple[tuple[Obligation, int | None], ...]:
    names = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _DUTY.fullmatch(part)
        if match is None or match["name"] not in set(Obligation):
            raise Malformed(f"unknown duty {part[:40]!r}", where=where)
        hours = int(match["hours"]) if match["hours"] else None
        if (match["name"] == Obligation.REVIEW) != (hours is not None):
            raise Malformed("review-by, and only that, has hours: review-by:72h", where=where)
        names.append((Obligation(match["name"]), hours))
    return tuple(names)


def _duties(policies: list[Policy], at: datetime) -> tuple[Duty, ...]:
    """Of several permits the lightest binds: what one policy allows freely needs no duty."""
    lightest = min((policy.duties for policy in policies), key=len, default=())
    return tuple(
        Duty(name, at + timedelta(hours=hours) if hours is not None else None)
        for name, hours in lightest
    )


def _request(facts: Facts) -> dict[str, Any]:
    return {
        "principal": _principal(facts.who),
        "action": {"type": "Action", "id": facts.action.value},
        "resource": {"type": "Document", "id": facts.document.document_id},
        "context": {
            "purpose": _entity("Purpose", facts.purpose),
            "treating": facts.treating,
            "guardian": facts.guardian,
            "reason": bool(facts.reason),
        },
    }


def _principal(who: Actor) -> dict[str, str]:
    if who.staff_code:
        return {"type": "Staff", "id": who.staff_code}
    return {"type": "Citizen", "id": who.person_id}


def _entity(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": str(name)}}


def _entities(facts: Facts) -> str:
    document = facts.document
    entities: list[dict[str, Any]] = [
        {
            "uid": {"type": "Document", "id": document.document_id},
            "attrs": {
                "level": document.level,
                "kind": document.kind,
                "custodian": _entity("Institution", document.custodian_code),
                "patient": _entity("Citizen", facts.patient_id),
                "consentLevel": facts.consent_level,
                "refused": facts.refused,
            },
            "parents": [],
        }
    ]
    if facts.who.staff_code:
        entities.append(
            {
                "uid": _principal(facts.who),
                "attrs": {
                    "roles": [_entity("Role", role) for role in facts.who.roles],
                    "institution": _entity("Institution", facts.who.institution_code),
                    "active": facts.active,
                    "secondFactor": facts.who.second_factor,
                },
                "parents": [],
            }
        )
    return json.dumps(entities)


def _brief(error: object) -> str:
    return textwrap.shorten(str(error), 600)
