"""`openrhip demo`: a centre and two hospital nodes, fed with sample records (演示)."""

from __future__ import annotations

import shutil
import socket
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from openrhip.formats.cda.samples import city
from openrhip.kernel.errors import Conflict, Unavailable
from openrhip.site import home as homes
from openrhip.site import services
from openrhip.site.commands import json_option, say
from openrhip.site.demo import cast, feed
from openrhip.site.supervisor import Service, Supervisor


@click.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demo keeps everything.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--keep", is_flag=True, help="Go on with the data of the last demo.")
@click.option("--once", is_flag=True, help="Stop when everything was shown; for tests.")
@json_option
def demo(home: Path, port: int, keep: bool, once: bool, as_json: bool) -> None:
    """Start a city with believable data and say where to click. Ctrl-C stops it."""
    started = time.monotonic()
    home = home.absolute()
    kept = keep and (home / cast.ACCOUNTS_FILE).exists()
    if kept:
        homes.start_django(home)
    else:
        _clear(home)
        _step("Making keys, certificates, database … 生成密钥、证书与数据库")
        listen = f"127.0.0.1:{_free(port)}"
        # By name: browsers make passkeys for a name only, never for an address.
        centre_url = f"http://localhost:{listen.rpartition(':')[2]}"
        ledger_url = f"http://127.0.0.1:{_free(0)}"
        cast.make_home(home, listen=listen, centre_url=centre_url, ledger_url=ledger_url)
        feed.make_nodes(home, centre_url=centre_url)
    supervisor = Supervisor(_services(home), logs=home / "logs")
    try:
        _step("Starting the centre and two hospital nodes … 启动中心与两家医院的前置机")
        supervisor.start()
        counts = _feed(home) if not kept else Counter[str]()
        from openrhip.site.demo import acts

        acts.play()
        batches = 0 if kept else _collect(home)
        _show(home, counts, batches, time.monotonic() - started, as_json)
        if not once:
            supervisor.run()
    finally:
        _step("Stopping … 正在停止")
        supervisor.stop()


def _services(home: Path) -> list[Service]:
    from openrhip.kernel.config import current

    return [
        *services.centre(current()),
        *(
            Service(f"node-{folder.name}", ("agent", "run", "--home", str(folder)))
            for folder in feed.nodes(home).values()
        ),
    ]


def _feed(home: Path) -> Counter[str]:
    total = feed.put_samples(home)
    _step(f"Feeding {total} records through the nodes' folders … 经前置机送入{total}份病历")

    def progress(counts: Counter[str]) -> None:
        if sys.stderr.isatty():
            done = sum(counts[state] for state in feed.FINAL)
            click.echo(f"\r    {done}/{total}  {feed.in_words(counts):<70}", nl=False, err=True)

    counts = feed.watch(home, total, say=progress)
    click.echo(f"\r    {feed.in_words(counts):<76}", err=True)
    if sum(counts[state] for state in feed.FINAL) < total:
        raise Unavailable("not every record came to an end", where=str(home / "logs"))
    return counts


def _collect(home: Path) -> int:
    from openrhip.site.demo import collecting

    _step("Sending a month of collected tables … 送入一个月的采集数据")

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r    {done}/{total}", nl=False, err=True)

    sent = collecting.send(home, say=progress)

    def waiting(left: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r    {left} batches to be checked and loaded  ", nl=False, err=True)

    collecting.settle(say=waiting)
    click.echo(f"\r    {sent} batches checked{'':30}", err=True)
    return sent


def _show(home: Path, counts: Counter[str], batches: int, seconds: float, as_json: bool) -> None:
    from openrhip.kernel.config import current

    url = current()["centre_url"]
    accounts = cast.accounts_of(home)
    patient = city.patient("wang")
    first = next(iter(feed.nodes(home).values()))
    lines = [
        "",
        f"OpenRHIP is up after {seconds:.0f} s: {url}    (Ctrl-C stops it 按 Ctrl-C 停止)",
        f"    {counts['acknowledged']} records sealed and archived, {counts['refused']} refused"
        if counts
        else "    with the records of the last demo",
        "",
        f"  Citizen portal 市民门户       {url}/sign-in/",
        f"    name 姓名 {patient.name}   identity number 身份证号 {patient.id_number}",
        "    the one-time code is shown on the page 验证码显示在页面上",
        "",
        f"  Staff 工作人员                {url}/staff/sign-in/",
        *(_account_lines(one) for one in accounts),
        "    the second factor's code is shown on the page 动态码显示在页面上",
        "",
        f"  Hospital node 前置机          {sys.argv[0]} agent status --home {first}",
        f"  Drop a CDA file into          {first / 'inbox'}",
        f"  Logs 日志                     {home / 'logs'}",
        "",
    ]
    value = {
        "url": url,
        "home": str(home),
        "seconds": round(seconds, 1),
        "counts": dict(counts),
        "batches": batches,
        "accounts": [asdict(one) for one in accounts],
    }
    say(as_json, value, "\n".join(lines))


def _account_lines(one: cast.DemoAccount) -> str:
    return f"    {one.name:<14}{one.password:<20} {one.what}"


def _clear(home: Path) -> None:
    """Forget the last demo; never touch a folder that is something else."""
    if not home.exists():
        return
    if any(home.iterdir()) and not (home / "pki" / "ca").exists():
        raise Conflict("this folder is no demo", where=str(home), remedy="name another --home")
    shutil.rmtree(home)


def _free(port: int) -> int:
    """The port if it is free, else any free one."""
    for wanted in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable("no port is free on this machine")


def _step(text: str) -> None:
    click.echo(text, err=True)
