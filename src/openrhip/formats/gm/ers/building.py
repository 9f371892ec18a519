"""Making and renewing evidence records (证据记录的生成与续期; RFC 4998 §4.2, §5.2).

The pieces serve an archive, where one tree and one timestamp stand for many documents; `create`,
`renew` and `rehash` do the same for one document alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from openrhip.formats.gm import digests, tsp
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers import material
from openrhip.formats.gm.ers.structures import (
    ArchiveTimeStamp,
    Chain,
    EvidenceRecord,
    sequence_of,
)
from openrhip.formats.gm.ers.tree import Tree, group_value
from openrhip.formats.gm.revocation import RevocationData
from openrhip.formats.gm.tsp import DigestTimestamper
from openrhip.kernel.errors import Conflict

Content = bytes | Callable[[Digest], bytes]
"""A document: its bytes, or something that gives its digest by the algorithm asked for."""


def digest_of(content: Content, digest: Digest) -> bytes:
    """The digest of a document."""
    return digest.of(content) if isinstance(content, bytes) else content(digest)


def stamp_of(tree: Tree, members: Sequence[bytes], token: bytes) -> ArchiveTimeStamp:
    """The archive timestamp of one data object (or group) of a stamped tree. Raises NotFound."""
    return ArchiveTimeStamp(token, tree.reduced(members), tree.digest.oid)


def renewal_members(digest: Digest, chain: Chain) -> tuple[bytes, ...]:
    """What a timestamp renewal is over: all timestamps of the chain.

    §5.2 asks for the newest; with the older ones beside it readers that look for all find all.
    """
    return tuple(digest.of(stamp.token) for stamp in chain)


def rehashed_members(
    digest: Digest, document_digests: Iterable[bytes], chains: Sequence[Chain]
) -> tuple[bytes, ...]:
    """What a hash-tree renewal is over: H(H(document) || H(all older chains)) for each document.

    The digests of the documents are by the new algorithm as well.
    """
    older = digest.of(sequence_of(chains))
    return tuple(digest.of(one, older) for one in document_digests)


def begun(stamp: ArchiveTimeStamp) -> EvidenceRecord:
    """A record with its first archive timestamp."""
    return EvidenceRecord(((stamp,),))


def renewed(record: EvidenceRecord, stamp: ArchiveTimeStamp) -> EvidenceRecord:
    """With one more archive timestamp in the newest chain."""
    last = record.chains[-1]
    if stamp.digest() != last[0].digest():
        raise Conflict("all timestamps of a chain use one digest algorithm: re-hash instead")
    return replace(record, chains=(*record.chains[:-1], (*last, stamp)))


def rehashed(record: EvidenceRecord, stamp: ArchiveTimeStamp) -> EvidenceRecord:
    """With a new chain that begins with this archive timestamp."""
    named = (*(record.algorithms or record.used()), stamp.digest().oid)
    return replace(
        record, chains=(*record.chains, (stamp,)), algorithms=tuple(dict.fromkeys(named))
    )


def with_material(
    record: EvidenceRecord, data: RevocationData, *, in_token: bool = False
) -> EvidenceRecord:
    """With certificates and revocation data: in cryptoInfos, or in the newest token.

    Only the newest token can take anything: the others are covered by later timestamps.
    """
    if not in_token:
        infos: Mapping[str, tuple[bytes, ...]] = material.infos_of(
            material.of_infos(record.infos) + data
        )
        return replace(record, infos={**record.infos, **infos})
    last = record.chains[-1]
    newest = replace(last[-1], token=material.into_token(last[-1].token, data), raw=b"")
    return replace(record, chains=(*record.chains[:-1], (*last[:-1], newest)))


def create(
    contents: Sequence[Content],
    stamper: DigestTimestamper,
    *,
    algorithm: str = "sm3",
) -> EvidenceRecord:
    """A record of one document, or of several as one data object group. Raises Malformed."""
    digest = digests.by_name(algorithm)
    return begun(_alone(digest, [digest_of(one, digest) for one in contents], stamper))


def renew(record: EvidenceRecord, stamper: DigestTimestamper) -> EvidenceRecord:
    """Timestamp renewal: a new timestamp over the newest chain, before its token ages."""
    digest = record.chains[-1][0].digest()
    return renewed(record, _alone(digest, renewal_members(digest, record.chains[-1]), stamper))


def rehash(
    record: EvidenceRecord,
    contents: Sequence[Content],
    stamper: DigestTimestamper,
    *,
    algorithm: str,
) -> EvidenceRecord:
    """Hash-tree renewal: a new chain by another algorithm, before the old one ages."""
    digest = digests.by_name(algorithm)
    found = [digest_of(one, digest) for one in contents]
    return rehashed(record, _alone(digest, rehashed_members(digest, found, record.chains), stamper))


def covers(record: EvidenceRecord, contents: Sequence[Content]) -> bool:
    """Whether the newest chain begins with these documents. No token is verified."""
    first = record.chains[-1][0]
    digest = first.digest()
    members = [digest_of(one, digest) for one in contents]
    if len(record.chains) > 1:
        members = list(rehashed_members(digest, members, record.chains[:-1]))
    begin = first.lists[0] if first.lists else (tsp.open_token(first.token)[1].digest,)
    return set(members) <= set(begin)


def _alone(
    digest: Digest, members: Sequence[bytes], stamper: DigestTimestamper
) -> ArchiveTimeStamp:
    tree = Tree.build(digest, [group_value(digest, sorted(set(members)))])
    return stamp_of(tree, members, stamper.stamp_digest(tree.root, digest.oid))
