"""Which engine checks (选用的校验引擎): setting `collect_engine`, duckdb or a cluster's address."""

from __future__ import annotations

from functools import cache

from openrhip.collect.engine.duckdb_engine import DuckDbEngine
from openrhip.collect.ports import Engine
from openrhip.kernel import config
from openrhip.kernel.errors import Misconfigured

EMBEDDED = "duckdb"
SCHEMES = ("sc://", "spark://")


def chosen() -> Engine:
    """The engine of this centre. Raises Misconfigured."""
    return engine_at(config.current()["collect_engine"] or EMBEDDED)


@cache
def engine_at(setting: str) -> Engine:
    """duckdb, or sc://host:port (spark://host:port is the same): a Spark Connect server."""
    if setting == EMBEDDED:
        return DuckDbEngine()
    if not setting.startswith(SCHEMES):
        raise Misconfigured(
            f"no such engine: {setting[:60]!r}",
            where="collect_engine",
            remedy="duckdb, or the address of a Spark Connect server such as sc://spark:15002",
        )
    from openrhip.collect.adapters.spark import SparkEngine  # noqa: PLC0415 - an extra

    return SparkEngine(setting.replace("spark://", "sc://", 1))
