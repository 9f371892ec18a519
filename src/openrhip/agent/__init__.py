"""The hospital's node (前置机): watches a folder, lays out, signs, seals, uploads, and keeps at it.

It talks to the centre over HTTP only, keeps its own durable queues, and knows no framework. Besides
records it sends batches of collected data. Terms: job 任务, queue 队列, seal 盖章, receipt 回执,
refusal 拒收, batch 批次, manifest 清单. `wire` (signed requests) and `manifest` (signed manifests)
are what both sides speak; `rules` the table of states; `queue` the durable queue; `service` the
work; `outbox`, `batch_queue`, `batches` and `collection` the same for batches.
"""
