"""Proof bundles (证明包): a document with everything a stranger needs to verify it offline.

Pure: neither the platform nor its framework is needed. `build` makes one, `verify` judges one and
names what holds and what fails; no byte of a bundle is outside its checks.
"""

from openrhip.records.bundle.building import Evidence, Parts, build, manifest_of
from openrhip.records.bundle.container import pack, unpack
from openrhip.records.bundle.verdict import BundleReport
from openrhip.records.bundle.verifying import verify

__all__ = [
    "BundleReport",
    "Evidence",
    "Parts",
    "build",
    "manifest_of",
    "pack",
    "unpack",
    "verify",
]
