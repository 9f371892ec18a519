"""The demo (演示): one centre and two hospital nodes with invented people, on this machine."""
