"""National cryptography (国密): SM2, SM3, SM4, certificates, timestamps.

Terms: 数字证书 certificate, 证书撤销列表 revocation list, 时间戳 timestamp, 时间戳机构 TSA.
Sources: GB/T 32905, 32907, 32918, 33560, 35275, 35276; GM/T 0009, 0015, 0033; RFC 5280, RFC 3161.
"""

from openrhip.formats.gm import certs as certs
from openrhip.formats.gm import chain as chain
from openrhip.formats.gm import cms as cms
from openrhip.formats.gm import crl as crl
from openrhip.formats.gm import csr as csr
from openrhip.formats.gm import der as der
from openrhip.formats.gm import devpki as devpki
from openrhip.formats.gm import digests as digests
from openrhip.formats.gm import ers as ers
from openrhip.formats.gm import findings as findings
from openrhip.formats.gm import names as names
from openrhip.formats.gm import ocsp as ocsp
from openrhip.formats.gm import oids as oids
from openrhip.formats.gm import revocation as revocation
from openrhip.formats.gm import signer as signer
from openrhip.formats.gm import sm2 as sm2
from openrhip.formats.gm import sm3 as sm3
from openrhip.formats.gm import sm4 as sm4
from openrhip.formats.gm import status as status
from openrhip.formats.gm import tsp as tsp
from openrhip.formats.gm import tst as tst
