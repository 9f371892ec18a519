"""Data collection (数据采集): receive batches, check every rule on every row, load, feed back.

Terms: unit 接入单位, table 采集表, batch 批次, manifest 清单, amend flag 修改标志, quarantine 隔离,
coverage 采集情况, declared 申明上传表, owed 规定上传表. Sources: WS 363, WS 364, WS 365, WS 372,
WS 373, WS 375, WS 376, WS 377, WS 445, WS/T 500; GB 11643, GB 32100, GB/T 2260, GB/T 2261.
"""
