"""OpenRHIP: an open regional health information platform (区域卫生信息平台).

One package for a city: medical records as signed fixed-layout files, an evidence ledger, and the
services around them. `docs/architecture.md` shows the rooms and what may depend on what.
"""

__version__ = "0.1.0"
