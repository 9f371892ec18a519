"""A small supervisor (进程守护): starts the processes of a node in order and keeps them running.

Production machines may use systemd instead (docs/operations.md has the units); the embedded
default needs nothing but this.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from openrhip.kernel.errors import Unavailable
from openrhip.kernel.files import make_folder

LONGEST_PAUSE = 30.0
PATIENCE = 20.0
"""Seconds a process has to end after SIGTERM before it is killed."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process: name, arguments after the `openrhip` command, and where it says it is ready."""

    name: str
    arguments: Sequence[str]
    ready_url: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


class _Process:
    def __init__(self, service: Service, log: Path) -> None:
        self.service = service
        self.log = log
        self.failures = 0
        self.started = 0.0
        self.popen = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "openrhip", *self.service.arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.service.environment},
                start_new_session=True,
            )

    def restart_if_due(self) -> None:
        """Start again after an end, with a pause that doubles while it keeps failing."""
        if self.popen.poll() is None:
            return
        lived = time.monotonic() - self.started
        self.failures = 0 if lived > 60 else self.failures
        if lived >= min(2.0**self.failures, LONGEST_PAUSE):
            self.failures += 1
            self.popen = self._start()

    def stop(self, sign: signal.Signals) -> None:
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, sign)


class Supervisor:
    """Starts services in order, waits for each to be ready, restarts what ends, stops cleanly."""

    def __init__(self, services: Sequence[Service], *, logs: Path) -> None:
        make_folder(logs)
        self.services = services
        self.logs = logs
        self.processes: list[_Process] = []
        self.stopping = threading.Event()

    def start(self) -> None:
        """Raises Unavailable, naming the log, if a service does not become ready."""
        for service in self.services:
            process = _Process(service, self.logs / f"{service.name}.log")
            self.processes.append(process)
            if service.ready_url:
                self._await(process)

    def run(self, each: Callable[[], None] = lambda: None) -> None:
        """Keep everything running until `stop` or SIGTERM/SIGINT."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: self.stopping.set())
        while not self.stopping.wait(0.5):
            for process in self.processes:
                process.restart_if_due()
            each()

    def stop(self) -> None:
        """End all, last started first; kill what does not end in time."""
        self.stopping.set()
        deadline = time.monotonic() + PATIENCE
        for process in reversed(self.processes):
            process.stop(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.popen.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.stop(signal.SIGKILL)
                process.popen.wait()

    def _await(self, process: _Process) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(process.service.ready_url, timeout=2).is_success:
                    return
            except httpx.HTTPError:
                pass
            if process.popen.poll() is not None:
                break
            time.sleep(0.1)
        raise Unavailable(
            f"{process.service.name} did not start",
            where=str(process.log),
            remedy="the end of this log says why",
        )
