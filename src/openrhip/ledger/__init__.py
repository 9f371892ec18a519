"""Ledger (存证账本): an append-only log that proves who did what, to people who trust nobody.

Terms: entry 存证条目, leaf 叶子, checkpoint 检查点, receipt 回执, inclusion proof 存在证明,
consistency proof 一致性证明, sequencer 定序器, origin 账本标识.
Sources: RFC 6962 section 2.1, RFC 9162 section 2.1, C2SP tlog-tiles, tlog-checkpoint, signed-note;
GB/T 32905-2016 (SM3), GB/T 32918-2016 (SM2).
"""
