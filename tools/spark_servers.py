"""Clusters that speak Spark Connect, started from pip's packages alone, for tests and benchmarks.

`sail_cluster` runs Sail with a driver and workers in this process; `spark_cluster` runs Apache
Spark's Connect server in a process of its own, over `local-cluster` with separate executors.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


def why_no_sail() -> str:
    """Why Sail cannot run here, "" if it can."""
    return _missing("pysail", "pyspark", "grpc", "pandas")


def why_no_spark() -> str:
    """Why Apache Spark cannot run here, "" if it can."""
    return _missing("pyspark", "grpc", "pandas") or ("" if shutil.which("java") else "no Java here")


def _missing(*modules: str) -> str:
    from importlib.util import find_spec  # noqa: PLC0415 - only where it is asked

    absent = [module for module in modules if find_spec(module) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


@contextlib.contextmanager
def sail_cluster(*, workers: int = 2) -> Iterator[str]:
    """Sail as a cluster of these many workers; gives its address."""
    os.environ |= {
        "SAIL_MODE": "local-cluster",
        "SAIL_CLUSTER__WORKER_INITIAL_COUNT": str(workers),
        "SAIL_CLUSTER__WORKER_MAX_COUNT": str(workers),
        "RUST_LOG": "error",
    }
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 - an extra

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    try:
        yield f"sc://127.0.0.1:{server.listening_address[1]}"
    finally:
        server.stop()


@contextlib.contextmanager
def spark_cluster(
    *,
    master: str = "local-cluster[2,1,1024]",
    driver_memory: str = "1g",
    brief: bool = False,
    wait: float = 180,
) -> Iterator[str]:
    """Apache Spark's Connect server over executors that are processes of their own.

    brief: Java compiles lightly, which pays where little is done.
    """
    import pyspark  # noqa: PLC0415 - an extra

    home = Path(pyspark.__file__).parent
    port = _free_port()
    settings = {
        "spark.ui.enabled": "false",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
    }
    if brief:
        light = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
        settings |= {
            "spark.driver.extraJavaOptions": light,
            "spark.executor.extraJavaOptions": light,
        }
    given = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_WORKER_DIR": f"{folder}/work",
            "SPARK_LOCAL_DIRS": f"{folder}/local",
            "PYSPARK_PYTHON": sys.executable,
        }
        environment.pop("SPARK_REMOTE", None)
        log = Path(folder, "log")
        with log.open("wb") as out:
            server = subprocess.Popen(
                [
                    *(home / "bin" / "spark-submit", "--master", master, "--driver-memory"),
                    driver_memory,
                    *(*given, "--class", SERVER, "spark-internal"),
                ],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_ends_with_us,  # noqa: PLW1509 - one call of the system, no threads yet
            )
        try:
            _answers(server, port, wait, log)
            yield f"sc://127.0.0.1:{port}"
        finally:
            _stop(server)


def _ends_with_us() -> None:
    """The server is told to end when whoever started it is killed (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _answers(server: subprocess.Popen[bytes], port: int, wait: float, log: Path) -> None:
    until = time.monotonic() + wait
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise RuntimeError(f"the Spark server does not answer:\n{log.read_text()[-3000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ask the whole group to end; what does not is killed."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
            return


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
