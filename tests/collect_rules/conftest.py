"""Engines that are asked: each is started once a session, and only where it is asked."""

import sys
from pathlib import Path

import pytest
import spark_servers

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def duckdb():
    from openrhip.collect.engine.duckdb_engine import DuckDbEngine

    return DuckDbEngine()


@pytest.fixture(scope="session")
def sail():
    """Sail as a cluster: driver and workers, all from pip."""
    if why := spark_servers.why_no_sail():
        pytest.skip(why)
    with spark_servers.sail_cluster() as url:
        yield from _connected(url)


@pytest.fixture(scope="session")
def spark():
    """Apache Spark: Connect server, master, and executors in processes of their own."""
    if why := spark_servers.why_no_spark():
        pytest.skip(why)
    with spark_servers.spark_cluster(brief=True) as url:
        yield from _connected(url)


def _connected(url):
    from openrhip.collect.adapters.spark import SparkEngine

    engine = SparkEngine(url)
    yield engine
    engine.close()
