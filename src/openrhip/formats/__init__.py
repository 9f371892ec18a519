"""Formats (格式): pure readers and writers of standards; no framework, no network, no clock.

From bottom to top: gm (national cryptography, 国密), ofd (fixed layout, 版式文件),
cda (shared documents, 共享文档). Each may import only those below it, and the kernel.
"""
