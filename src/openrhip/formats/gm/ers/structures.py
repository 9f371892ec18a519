"""The structures of RFC 4998 (证据记录): EvidenceRecord, ArchiveTimeStamp, chains, sequence.

Tags are IMPLICIT, as in the module of 1988 syntax. What is read keeps its bytes, because later
timestamps are over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from openrhip.formats.gm import cms, der, digests, tsp
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers.tree import Lists
from openrhip.kernel.errors import Malformed, TooLarge

LARGEST = 8 * 1024 * 1024
MOST_CHAINS, MOST_STAMPS = 16, 128  # in a sequence; in all its chains together
MOST_LISTS, MOST_VALUES = 64, 1024  # in a reduced hash tree, in one of its lists
MOST_INFOS = 64
_RECORD, _STAMP = "evidence record", "archive timestamp"


@dataclass(frozen=True, slots=True)
class ArchiveTimeStamp:
    """token: the RFC 3161 token (DER). lists: the reduced hash tree, empty where there is none.

    algorithm: OID of the tree's digest; empty: that of the token's message imprint.
    attributes: the field as it came, with its tag.
    """

    token: bytes
    lists: Lists = ()
    algorithm: str = ""
    attributes: bytes = b""
    raw: bytes = field(default=b"", compare=False)

    @property
    def encoded(self) -> bytes:
        if self.raw:
            return self.raw
        rows = [der.sequence(*(der.octets(value) for value in one)) for one in self.lists]
        algorithm = der.wrap(der.context(0), der.oid(self.algorithm)) if self.algorithm else b""
        tree = der.explicit(2, *rows) if rows else b""
        return der.sequence(algorithm, self.attributes, tree, self.token)

    def digest(self) -> Digest:
        """The algorithm of the tree. Raises NotVerified, Malformed, TooLarge."""
        return digests.by_oid(self.algorithm or tsp.open_token(self.token)[1].algorithm)


Chain = tuple[ArchiveTimeStamp, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """chains: oldest first. infos: cryptoInfos, OID of the attribute → DER of its values.

    encrypted: there is encryptionInfo (§6), which is not supported.
    """

    chains: tuple[Chain, ...]
    algorithms: tuple[str, ...] = ()
    infos: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    encrypted: bool = False

    @property
    def encoded(self) -> bytes:
        """The record in DER."""
        named = [der.sequence(der.oid(one)) for one in self.algorithms or self.used()]
        infos = [cms.attribute(oid, *values) for oid, values in sorted(self.infos.items())]
        return der.sequence(
            der.integer(1),
            der.sequence(*named),
            der.explicit(0, *infos) if infos else b"",
            sequence_of(self.chains),
        )

    def used(self) -> tuple[str, ...]:
        """The digest algorithms of the chains, in their order, each once."""
        found = [chain[0].digest().oid for chain in self.chains]
        return tuple(dict.fromkeys(found))

    def stamps(self) -> Chain:
        """All archive timestamps, oldest first."""
        return tuple(stamp for chain in self.chains for stamp in chain)


def sequence_of(chains: Sequence[Chain]) -> bytes:
    """ArchiveTimeStampSequence: what a hash-tree renewal is over (§5.2)."""
    return der.sequence(*(der.sequence(*(one.encoded for one in chain)) for chain in chains))


def read(data: bytes) -> EvidenceRecord:
    """Raises Malformed or TooLarge."""
    if len(data) > LARGEST:
        raise TooLarge(f"an evidence record of more than {LARGEST} bytes")
    fields = der.Fields(der.read(data, _RECORD), _RECORD)
    if fields.take("version").integer(_RECORD) != 1:
        raise Malformed("unknown version", where=_RECORD)
    named = _bounded(fields.take("digestAlgorithms", der.SEQUENCE), MOST_INFOS)
    infos, encryption = fields.maybe(der.context(0)), fields.maybe(der.context(1))
    chains = _bounded(fields.take("archiveTimeStampSequence", der.SEQUENCE), MOST_CHAINS)
    fields.end()
    if not chains:
        raise Malformed("no archive timestamp", where=_RECORD)
    read_chains = tuple(_read_chain(node) for node in chains)
    if sum(map(len, read_chains)) > MOST_STAMPS:
        raise TooLarge(f"more than {MOST_STAMPS} archive timestamps", where=_RECORD)
    return EvidenceRecord(
        read_chains,
        tuple(cms.read_algorithm(node, _RECORD) for node in named),
        {} if infos is None else _read_infos(infos),
        encrypted=encryption is not None,
    )


def _read_chain(node: der.Node) -> Chain:
    stamps = _bounded(node.expect(der.SEQUENCE, _RECORD), MOST_STAMPS)
    if not stamps:
        raise Malformed("an empty chain", where=_RECORD)
    return tuple(_read_stamp(one) for one in stamps)


def _read_stamp(node: der.Node) -> ArchiveTimeStamp:
    fields = der.Fields(node, _STAMP)
    named, attributes = fields.maybe(der.context(0)), fields.maybe(der.context(1))
    tree = fields.maybe(der.context(2))
    token = fields.take("timeStamp", der.SEQUENCE).raw
    fields.end()
    return ArchiveTimeStamp(
        token,
        () if tree is None else _read_lists(tree),
        "" if named is None else _read_algorithm(named),
        b"" if attributes is None else attributes.raw,
        raw=node.raw,
    )


def _read_algorithm(node: der.Node) -> str:
    """[0] IMPLICIT AlgorithmIdentifier."""
    fields = der.Fields(node, _STAMP, tag=der.context(0))
    found = fields.take("algorithm").oid(_STAMP)
    fields.maybe(der.NULL)
    fields.end()
    return found


def _read_lists(node: der.Node) -> Lists:
    lists = []
    for one in _bounded(node, MOST_LISTS):
        values = _bounded(one.expect(der.SEQUENCE, _STAMP), MOST_VALUES)
        lists.append(tuple(value.octets(_STAMP) for value in values))
    if not lists or not all(lists):
        raise Malformed("a reduced hash tree without values", where=_STAMP)
    return tuple(lists)


def _read_infos(node: der.Node) -> dict[str, tuple[bytes, ...]]:
    found: dict[str, tuple[bytes, ...]] = {}
    for item in _bounded(node, MOST_INFOS):
        fields = der.Fields(item, _RECORD)
        oid = fields.take("attrType").oid(_RECORD)
        values = _bounded(fields.take("attrValues", der.SET), MOST_VALUES)
        fields.end()
        found[oid] = (*found.get(oid, ()), *(value.raw for value in values))
    return found


def _bounded(node: der.Node, most: int) -> list[der.Node]:
    found = node.children()
    if len(found) > most:
        raise TooLarge(f"more than {most} members", where=_RECORD)
    return found
