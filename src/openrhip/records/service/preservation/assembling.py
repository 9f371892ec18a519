"""Putting evidence records together (组装证据记录) from trees: for one document, or for all of one.

A document's record is one chain for each generation: the reduced tree of its leaf, then that of
each renewal. Nodes of trees are read from the document store; the last few stay in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from openrhip.formats.gm import digests
from openrhip.formats.gm.digests import Digest
from openrhip.formats.gm.ers import ArchiveTimeStamp, EvidenceRecord, Tree, building
from openrhip.formats.gm.ers.structures import Chain
from openrhip.formats.gm.ers.tree import group_value
from openrhip.kernel.errors import NotFound
from openrhip.records.models import EvidenceLeaf, EvidenceRenewal, EvidenceTree
from openrhip.records.service import vault

_MOST_KEPT = 4
"""Trees in memory: one over 100,000 documents takes 6.4 MB."""
_CHUNK = 2_000


class Assembler:
    """Asks for the rows of each tree once. Not for threads to share."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[EvidenceTree, list[EvidenceTree]]] = {}
        self._tails: dict[int, Chain] = {}

    def record(self, document_id: str, digest: str) -> EvidenceRecord:
        """The record of a document, as far as its trees are stamped. Raises NotFound."""
        chains = self.chains(self._leaves(document_id), digest)
        if not chains:
            raise NotFound("there is no evidence of this document yet", where="document")
        return EvidenceRecord(chains)

    def chains(self, leaves: list[EvidenceLeaf], deposited: str) -> tuple[Chain, ...]:
        """The chains over these leaves of one document, lowest generation first.

        deposited: SM3 of the deposit, the value of leaves that keep none.
        """
        chains: tuple[Chain, ...] = ()
        for leaf in leaves:
            row, renewals = self._row(leaf.tree_id)
            if row.token is None:
                break
            digest = digests.by_name(row.algorithm)
            value = bytes.fromhex(leaf.value or deposited)
            members = building.rehashed_members(digest, [value], chains) if chains else (value,)
            chains = (*chains, self._chain(row, renewals, digest, members))
        return chains

    def document_leaves(self, row: EvidenceTree) -> list[bytes]:
        """The leaves of a tree over documents, before it is stamped."""
        digest = digests.by_name(row.algorithm)
        found = EvidenceLeaf.objects.filter(tree=row)
        if not row.generation:
            pairs = found.values_list("value", "document__digest").iterator(_CHUNK)
            return [bytes.fromhex(value or deposited) for value, deposited in pairs]
        return [
            building.rehashed_members(digest, [value], self.chains(older, deposited))[0]
            for value, deposited, older in self._with_older(row)
        ]

    def renewal_leaves(self, row: EvidenceTree) -> list[bytes]:
        """The leaves of a renewal tree, before it is stamped: one for each tree it covers."""
        covered = EvidenceRenewal.objects.filter(by=row).order_by("tree_id")
        digest = digests.by_name(row.algorithm)
        leaves = []
        for tree_id in covered.values_list("tree_id", flat=True):
            first, renewals = self._row(tree_id)
            tokens = [bytes(one.token or b"") for one in (first, *renewals)]
            leaves.append(group_value(digest, [digest.of(token) for token in tokens]))
        return leaves

    def _with_older(self, row: EvidenceTree) -> Iterator[tuple[bytes, str, list[EvidenceLeaf]]]:
        """Each document of a re-hash with its older leaves, some thousands at a time."""
        leaves = EvidenceLeaf.objects.filter(tree=row).order_by("pk")
        last = 0
        while part := list(
            leaves.filter(pk__gt=last).values_list(
                "pk", "document_id", "value", "document__digest"
            )[:_CHUNK]
        ):
            older: dict[str, list[EvidenceLeaf]] = {}
            for leaf in EvidenceLeaf.objects.filter(
                document_id__in=[one[1] for one in part], generation__lt=row.generation
            ).order_by("generation"):
                older.setdefault(leaf.document_id, []).append(leaf)
            for last, document_id, value, deposited in part:  # noqa: B007 - where to go on
                yield bytes.fromhex(value), deposited, older[document_id]

    def _leaves(self, document_id: str) -> list[EvidenceLeaf]:
        return list(EvidenceLeaf.objects.filter(document_id=document_id).order_by("generation"))

    def _chain(
        self,
        row: EvidenceTree,
        renewals: list[EvidenceTree],
        digest: Digest,
        members: tuple[bytes, ...],
    ) -> Chain:
        first = building.stamp_of(
            _tree(row.nodes_key, row.algorithm, row.leaves), members, bytes(row.token or b"")
        )
        return (first, *self._tail(row, renewals, digest, first))

    def _tail(
        self,
        row: EvidenceTree,
        renewals: list[EvidenceTree],
        digest: Digest,
        first: ArchiveTimeStamp,
    ) -> Chain:
        """The renewals of a tree: the same for all its documents, since they are over its token."""
        if row.pk not in self._tails:
            stamps = [first]
            for one in renewals:
                over = building.renewal_members(digest, tuple(stamps))
                made = building.stamp_of(
                    _tree(one.nodes_key, one.algorithm, one.leaves), over, bytes(one.token or b"")
                )
                stamps.append(replace(made, raw=made.encoded))
            self._tails[row.pk] = tuple(stamps[1:])
        return self._tails[row.pk]

    def _row(self, tree_id: int) -> tuple[EvidenceTree, list[EvidenceTree]]:
        """A tree and the stamped trees that renew it, oldest first."""
        if tree_id not in self._rows:
            row = EvidenceTree.objects.get(pk=tree_id)
            renewals = EvidenceRenewal.objects.filter(tree_id=tree_id, by__token__isnull=False)
            ordered = renewals.order_by("by__stamped_at", "by_id").select_related("by")
            self._rows[tree_id] = row, [one.by for one in ordered]
        return self._rows[tree_id]


def _stamped(row: EvidenceTree, members: tuple[bytes, ...]) -> ArchiveTimeStamp:
    tree = _tree(row.nodes_key, row.algorithm, row.leaves)
    return building.stamp_of(tree, members, bytes(row.token or b""))


@lru_cache(maxsize=_MOST_KEPT)
def _tree(nodes_key: str, algorithm: str, leaves: int) -> Tree:
    """A stamped tree. Its nodes are found by their own digest: they never change."""
    return Tree.read(digests.by_name(algorithm), vault.store().read(nodes_key), leaves)
