"""OFD-H, the profile of medical records (《电子病历版式文档技术要求》): one table.

The standard is a draft for comment (VERSION); when it is issued, this table is what changes. The
chapter is named with each rule; sub-clauses of a draft may still move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.profiles import Profile
from openrhip.formats.ofd.profiles import ofd_h_content as content
from openrhip.formats.ofd.profiles import ofd_h_signing as signing
from openrhip.formats.ofd.profiles import ofd_h_structure as structure
from openrhip.formats.ofd.profiles.rules import Breach, Rule, run
from openrhip.formats.ofd.profiles.view import View

VERSION = "draft-2025-09"
SOURCE = "OFD-H 征求意见稿"
Compare = Callable[[Package], Iterable[Breach]]
"""What a higher layer says of structured data: each place where it differs from the page."""


def _rule(
    code: str, chapter: str, zh: str, en: str, remedy_zh: str, remedy_en: str, **find: object
) -> Rule:
    return Rule(f"ofd-h.{code}", chapter, zh, en, remedy_zh, remedy_en, **find)  # type: ignore[arg-type]


_EMBED_ZH, _EMBED_EN = "嵌入包内", "embed it"
_STATE_ZH, _STATE_EN = "在 CustomDatas 中著录", "state it in CustomDatas"

RULES: tuple[Rule, ...] = (
    _rule("namespace", "6", "命名空间为 http://www.ofdspec.org", "the short namespace is used",
          "需要时用 in_namespace 改写", "rewrite it with in_namespace where it is wanted",
          whole=structure.namespace, advice=True),
    _rule("single-document", "6", "只有 Doc_0 一个文档", "there is one document, Doc_0",
          "拆分，或合并为一个文档", "split the file, or merge its documents",
          whole=structure.single_document),
    _rule("deflate", "6", "可压缩的内容用 Deflate", "what can be compressed is, by Deflate",
          "压缩 XML 部件", "compress the XML parts", whole=structure.deflate, advice=True),
    _rule("linear", "6", "入口文件与文档根节点在前", "entry and document root come first",
          "调整部件次序", "put them first", whole=structure.linear, advice=True),
    _rule("closed", "6", "没有与文档无关的文件", "no part is unrelated to the document",
          "去除无关文件", "leave the part out", whole=structure.unrelated),
    _rule("signed", "6.3", "已生效的文件至少有一个签名", "a record in force carries a signature",
          "由责任者签名、机构盖章", "have it signed and sealed", whole=signing.signed),
    _rule("locked", "6.3", "使用锁定签名", "a signature locks the record",
          "最后一个签名锁定签名列表", "let the last signature lock the list",
          whole=signing.locked),
    _rule("algorithms", "6.3、8", "签名使用 SM2 和 SM3", "signatures use SM2 and SM3",
          "用商用密码重新签名", "sign again with SM2 and SM3", whole=signing.algorithms),
    _rule("forms", "6.3", "签名值符合 GB/T 35275 或 GB/T 38540",
          "signature values are in the forms of GB/T 35275 or GB/T 38540",
          "按标准格式重新签名", "sign again in these forms", whole=signing.forms),
    _rule("protection", "8", "保护范围覆盖注释列表、签名列表以外的全部文件",
          "everything but the lists of annotations and signatures is protected",
          "重新签名并保护全部文件", "sign again over all parts", whole=signing.protection),
    _rule("annotations-open", "8", "注释列表不在保护范围内", "the list of annotations is open",
          "保护范围排除注释列表", "leave the list of annotations out",
          whole=signing.annotations_open),
    _rule("doc-type", "7", "DocType 为 OFD-H", 'DocType is "OFD-H"',
          "设 DocType 为 OFD-H", "set DocType", whole=structure.doc_type),
    _rule("fonts", "7", "字型均在包内", "all fonts are inside", _EMBED_ZH, _EMBED_EN,
          whole=content.fonts),
    _rule("images", "7", "图像均在包内", "all images are inside", _EMBED_ZH, _EMBED_EN,
          whole=content.images),
    _rule("image-formats", "7", "图像为 BMP、JPEG、TIFF 或 PNG",
          "images are BMP, JPEG, TIFF or PNG",
          "转换图像格式", "convert the image", whole=content.image_formats),
    _rule("media-formats", "7", "音频、视频为 MP3、MP4", "sound and video are MP3 or MP4",
          "转换格式", "convert it", whole=content.media_formats),
    _rule("external", "7", "除外部附件外没有包外引用",
          "nothing but external attachments is outside",
          "嵌入包内，或作为外部附件", "embed it, or make it an external attachment",
          whole=content.external),
    _rule("dicom-outside", "7", "DICOM 影像作为外部附件", "DICOM images are external attachments",
          "移出并描述其位置", "take it out and say where it is", whole=content.dicom),
    _rule("scanned", "7", "扫描页为双层：图像在背景层，文字在正文层",
          "scanned pages have two layers: picture in Background, text in Body",
          "加入识别文字", "add the recognised text", each=content.scanned),
    _rule("structured", "7", "结构化数据在自定义标引或附件中",
          "structured data are in tags or attachments",
          "加入标引或源文档附件", "add tags, or the source as an attachment",
          whole=content.structured),
    _rule("tags-lead", "7", "标引指向页面上的对象", "tags lead to objects on pages",
          "更正标引", "correct the tags", whole=content.tags_lead),
    _rule("tags-agree", "7", "结构化数据与页面内容一致", "structured data say what the page says",
          "由同一源文档重新排版", "lay it out anew from its source", whole=content.tags_agree),
    _rule("utf-8", "7", "机读信息用 UTF-8", "what machines read is in UTF-8",
          "改用 UTF-8", "write UTF-8", whole=content.utf8),
    _rule("subject", "7", "元数据标明患者", "metadata name the patient", _STATE_ZH, _STATE_EN,
          whole=structure.stated("subject")),
    _rule("responsible", "7", "元数据标明责任者", "metadata name who is responsible",
          _STATE_ZH, _STATE_EN, whole=structure.stated("responsible")),
    _rule("time", "7", "元数据标明生成时间", "metadata give the time", "写明 CreationDate",
          "state CreationDate", whole=structure.stated("time")),
    _rule("keywords", "7", "元数据有关键词", "metadata hold keywords", "写明 Keywords",
          "state Keywords", whole=structure.stated("keywords")),
    _rule("kind", "7", "元数据标明文件类型", "metadata name the kind of record",
          _STATE_ZH, _STATE_EN, whole=structure.stated("kind")),
    _rule("confidentiality", "7", "元数据标明保密等级", "metadata state the confidentiality",
          _STATE_ZH, _STATE_EN, whole=structure.stated("confidentiality")),
    _rule("identifier", "7", "元数据有文档标识", "metadata identify the document",
          _STATE_ZH, _STATE_EN, whole=structure.stated("identifier")),
    _rule("permitted", "7", "不禁止注释和签名", "annotating and signing are not forbidden",
          "去除该权限声明", "take the permission out", whole=structure.permitted),
    _rule("versions", "7", "历史版本全部保留", "all versions are kept in full",
          "补齐历史版本的文件", "put the files of the versions back", whole=structure.versions),
    _rule("in-the-clear", "8", "归档前已解密", "nothing is encrypted when it is archived",
          "归档、迁移前解密", "decrypt before archiving", whole=structure.in_the_clear),
)  # fmt: skip

AGREEMENT = _rule(
    "source-agrees", "7", "源文档附件与页面内容一致", "the attached source says what the page says",
    "由同一源文档重新排版", "lay it out anew from its source",
)  # fmt: skip


def check(package: Package, *, compare: Compare | None = None) -> tuple[Finding, ...]:
    """One finding per rule. compare: how a higher layer holds the attached source (CDA) against the
    page; without it that rule is left out."""
    rules = RULES
    if compare is not None:
        found = compare
        rules = (*RULES, _with(AGREEMENT, lambda view: found(view.package)))
    return run(rules, View(package), source=SOURCE)


def _with(rule: Rule, whole: Callable[[View], Iterable[Breach]]) -> Rule:
    return Rule(
        rule.code, rule.clause, rule.zh, rule.en, rule.remedy_zh, rule.remedy_en, whole=whole
    )


PROFILE = Profile(
    "ofd-h",
    "电子病历版式文档（OFD-H）",
    "medical records (OFD-H)",
    f"《电子病历版式文档技术要求》{VERSION}",
    check,
)
