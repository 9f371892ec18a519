"""National cryptography (国密): SM2, SM3, SM4, certificates, timestamps.

Terms: 数字证书 certificate, 证书撤销列表 revocation list, 时间戳 timestamp, 时间戳机构 TSA.
Sources: GB/T 32905, 32907, 32918, 33560, 35275, 35276; GM/T 0009, 0015, 0033; RFC 5280, RFC 3161.
"""

from openrhip.formats.gm import (
    certs,
    chain,
    crl,
    der,
    devpki,
    findings,
    oids,
    signer,
    sm2,
    sm3,
    sm4,
)

__all__ = [
    *("certs", "chain", "crl", "der", "devpki", "findings", "oids", "signer"),
    *("sm2", "sm3", "sm4"),
]
