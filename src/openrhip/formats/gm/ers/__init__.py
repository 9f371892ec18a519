"""Evidence records (证据记录; RFC 4998): proof that a document existed, for decades.

Terms: 归档时间戳 archive timestamp, 归约哈希树 reduced hash tree, 时间戳续期 timestamp renewal,
哈希树续期 hash-tree renewal. SM3 and SM2 today; digests are replaceable (`gm.digests`).
"""

from openrhip.formats.gm.ers import building as building
from openrhip.formats.gm.ers import material as material
from openrhip.formats.gm.ers.building import Content as Content
from openrhip.formats.gm.ers.building import create as create
from openrhip.formats.gm.ers.building import rehash as rehash
from openrhip.formats.gm.ers.building import renew as renew
from openrhip.formats.gm.ers.policy import Policy as Policy
from openrhip.formats.gm.ers.report import EvidenceReport as EvidenceReport
from openrhip.formats.gm.ers.report import StampReport as StampReport
from openrhip.formats.gm.ers.structures import ArchiveTimeStamp as ArchiveTimeStamp
from openrhip.formats.gm.ers.structures import EvidenceRecord as EvidenceRecord
from openrhip.formats.gm.ers.structures import read as read
from openrhip.formats.gm.ers.tree import Tree as Tree
from openrhip.formats.gm.ers.verifying import verify as verify
