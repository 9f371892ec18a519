"""The hospital's node (前置机): watches a folder, lays out, signs, seals, uploads, and keeps at it.

It talks to the centre over HTTP only, keeps its own durable queue, and knows no framework.
Terms: job 任务, queue 队列, seal 盖章, receipt 回执, refusal 拒收. `wire` is the signed request
both sides speak; `rules` the table of states; `queue` the durable queue; `service` the work.
"""
