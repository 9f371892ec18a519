"""Kernel (内核): what every room stands on, and nothing about health care.

Terms: clock 时钟, period 期间, money 金额, event 事件, outbox 发件箱, file store 文件库,
write gate 写闸.
Only `apps`, `models`, `database` and `events` know the framework; every other module here is pure.
"""
