"""From the bytes of a shared document to a ClinicalDocument.

Raises Malformed or TooLarge for what cannot be read as a shared document at all; everything else
that is wrong is collected in `faults` and by `check`.
"""

from __future__ import annotations

from openrhip.formats.cda import body as bodies
from openrhip.formats.cda import header, tree, values
from openrhip.formats.cda.kinds import BY_CODE, BY_TEMPLATE, KIND_SYSTEM, TEMPLATE_ROOT, Kind
from openrhip.formats.cda.model import ClinicalDocument, Finding, Moment, Participant
from openrhip.formats.cda.tree import Element, attribute, child, children
from openrhip.kernel.errors import Malformed


def parse(xml: bytes) -> ClinicalDocument:
    """Read a shared document in the shape of WS/T 500-2016 (HL7 CDA R2)."""
    root = root_of(xml)
    try:
        return document_of(root, xml)
    except RecursionError:
        raise Malformed("The document nests too deeply.", where="/ClinicalDocument") from None


def document_of(root: Element, source: bytes = b"") -> ClinicalDocument:
    """The document of a root that `tree.read` gave."""
    faults: list[Finding] = []
    kind = kind_and_faults(root, faults)
    return ClinicalDocument(
        kind=kind,
        title=tree.text(child(root, "title")) or kind.title_zh,
        document_id=header.document_id(root),
        effective_time=values.moment_of(child(root, "effectiveTime")) or Moment("", None),
        confidentiality=header.confidentiality(root),
        language=attribute(child(root, "languageCode"), "code"),
        set_id=attribute(child(root, "setId"), "extension"),
        version=version(child(root, "versionNumber"), faults),
        patient=header.patient(root),
        authors=tuple(header.participant(one) for one in children(root, "author")),
        custodian=header.custodian(root),
        data_enterer=_one(root, "dataEnterer"),
        legal_authenticator=_one(root, "legalAuthenticator"),
        authenticators=tuple(header.participant(one) for one in children(root, "authenticator")),
        participants=_others(root),
        replaces=header.replaced(root),
        encounter=header.encounter(root),
        sections=bodies.sections_of(root, faults),
        faults=tuple(faults),
        source=source,
    )


def _others(root: Element) -> tuple[Participant, ...]:
    steps = ("participant", "informant")
    return tuple(header.participant(one) for step in steps for one in children(root, step))


def root_of(xml: bytes) -> Element:
    """The root of a shared document. Raises Malformed or TooLarge for what is none."""
    root = tree.read(xml)
    if tree.name(root) != "ClinicalDocument":
        raise Malformed(
            "The root element is not ClinicalDocument of urn:hl7-org:v3.",
            where="/",
            remedy="Send a shared document in the shape of WS/T 500 (HL7 CDA R2).",
        )
    return root


def kind_of(root: Element) -> Kind:
    """The kind of a document's root. Raises Malformed for a template of none."""
    return kind_and_faults(root, [])


def _one(root: Element, step: str) -> Participant | None:
    found = child(root, step)
    return header.participant(found) if found is not None else None


def kind_and_faults(root: Element, faults: list[Finding]) -> Kind:
    """The template decides; the code must agree."""
    templates = [attribute(one, "root") for one in children(root, "templateId")]
    own = [one for one in templates if one.startswith(TEMPLATE_ROOT)]
    if not own:
        raise Malformed(
            "The document names no template of WS/T 500.",
            where="/ClinicalDocument/templateId",
            remedy=f"Put <templateId root='{TEMPLATE_ROOT}…'/> of the kind of record.",
        )
    kind = next((BY_TEMPLATE[one] for one in own if one in BY_TEMPLATE), None)
    if kind is None:
        raise Malformed(
            "The template is of no known kind of record.",
            where="/ClinicalDocument/templateId",
            remedy="Use a template of WS/T 500-2016 parts 1 to 53 or HSDC00.01.",
        )
    code = values.coded_of(child(root, "code"))
    if code.system == KIND_SYSTEM and code.code not in BY_CODE:
        raise Malformed(
            "The document code is of no known kind of record.",
            where="/ClinicalDocument/code",
            remedy=f"For this template the code is {kind.code}.",
        )
    if code.code != kind.code or code.system != KIND_SYSTEM:
        faults.append(
            Finding(
                "kind-disagrees", False,
                f"文档类型代码与模板不一致，应为 {kind.code}",
                f"The code does not agree with the template; it should be {kind.code}.",
                "/ClinicalDocument/code",
                f"Set code {kind.code} in code system {KIND_SYSTEM}.",
                f"将code改为{kind.code}（{KIND_SYSTEM}）",
            )
        )  # fmt: skip
    return kind


def version(element: Element | None, faults: list[Finding]) -> int:
    raw = attribute(element, "value")
    if not raw:
        return 1
    number = header.whole(raw)
    if number is None or number < 1:
        faults.append(
            Finding(
                "version-invalid", False, "文档版本号应为正整数",
                "The version number is not a positive whole number.",
                "/ClinicalDocument/versionNumber", "Count versions from 1.", "版本号从1起计",
            )
        )  # fmt: skip
        return 1
    return number
