"""Which processes a centre has, and how each is started (进程一览)."""

from __future__ import annotations

from openrhip.kernel.config import Config
from openrhip.site.supervisor import Service

NAMES = ("ledger", "web", "worker", "collect")


def centre(settings: Config) -> list[Service]:
    """The processes of a centre, in the order in which they start."""
    environment = {"OPENRHIP_HOME": str(settings.home)}
    home = str(settings.home)
    return [
        Service(
            "ledger",
            ("ledger", "serve", "--home", home),
            ready_url=f"{settings['ledger_url']}/healthz",
            environment=environment,
        ),
        Service(
            "web",
            ("serve", "--home", home, "--only", "web"),
            ready_url=f"http://{settings['listen']}/healthz",
            environment=environment,
        ),
        Service("worker", ("serve", "--home", home, "--only", "worker"), environment=environment),
        *(
            Service(
                f"collect-{number}",
                ("serve", "--home", home, "--only", "collect"),
                environment=environment,
            )
            for number in range(1, int(settings["collect_workers"]) + 1)
        ),
    ]


def run_web(settings: Config, *, target: str = "openrhip.site.wsgi:application") -> None:
    """Serve pages and API in this process's workers until SIGTERM."""
    from granian.constants import Interfaces  # noqa: PLC0415 - only this process needs it
    from granian.log import LogLevels  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    host, _, port = settings["listen"].rpartition(":")
    Server(
        target,
        address=host.strip("[]"),
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(settings["workers"]),
        blocking_threads=8,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        websockets=False,
    ).serve()
