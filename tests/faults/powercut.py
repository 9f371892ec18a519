"""A disk whose power can be cut: a FUSE file system that forgets what was not synced.

The model, stricter than most file systems:
- the content of a file survives as it was at its last fsync or fdatasync;
- a name in a folder (created, renamed, removed) survives as it was at the last fsync of the folder;
- after the cut every operation fails with EIO, so that nothing can be acknowledged any more.
It forgets all or, with a seed, keeps a random part of the unsynced writes and names, as a disk that
reorders does. A single write is kept whole or not at all: sectors are not torn.

Needs /dev/fuse, the package mfusepy and Debian's libfuse2 (and fusermount, unless run as root).

    with powercut.Disk(tmp_path) as disk:
        ... a child process writes below disk.path ...
        disk.cut()
        child.kill()
        disk.restore()      # the power is back: disk.path shows what survived
"""

# ruff: noqa: ARG002 - the signatures are those of mfusepy

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

BLOCK = 4096


class File:
    """Content now, content that is safe, and which parts differ."""

    def __init__(self, mode: int, content: bytes = b"") -> None:
        self.mode = mode
        self.live = bytearray(content)
        self.safe = bytearray(content)
        self.writes: list[tuple[int, int]] = []
        self.mtime = time.time()

    def write(self, data: bytes, offset: int) -> None:
        if offset > len(self.live):
            self.live.extend(bytes(offset - len(self.live)))
        self.live[offset : offset + len(data)] = data
        self.writes.append((offset, offset + len(data)))
        self.mtime = time.time()

    def truncate(self, length: int) -> None:
        if length < len(self.live):
            del self.live[length:]
        else:
            self.live.extend(bytes(length - len(self.live)))
        self.writes.append((0, length))

    def sync(self) -> None:
        self._copy(self.writes)
        del self.safe[len(self.live) :]
        self.writes.clear()

    def survive(self, draw: random.Random) -> None:
        """Some of the unsynced writes reached the disk, in any order."""
        self._copy([write for write in self.writes if draw.random() < 0.5])

    def _copy(self, writes: list[tuple[int, int]]) -> None:
        for start, end in writes:
            data = self.live[start:end]
            if len(self.safe) < start:
                self.safe.extend(bytes(start - len(self.safe)))
            self.safe[start : start + len(data)] = data


class Folder:
    """Names now, and names that are safe."""

    def __init__(self, mode: int) -> None:
        self.mode = mode
        self.live: dict[str, File | Folder] = {}
        self.safe: dict[str, File | Folder] = {}
        self.mtime = time.time()

    def sync(self) -> None:
        self.safe = dict(self.live)

    def survive(self, draw: random.Random) -> None:
        """Some of the unsynced names reached the disk."""
        for name in {*self.live, *self.safe}:
            if self.live.get(name) is not self.safe.get(name) and draw.random() < 0.5:
                if name in self.live:
                    self.safe[name] = self.live[name]
                else:
                    del self.safe[name]


class PowerCutFiles:
    """The operations of mfusepy over a tree in memory."""

    use_ns = True

    def __init__(self, root: Folder) -> None:
        self.root = root
        self.dead = False
        self.guard = threading.Lock()
        self.syncs = 0
        self.room: int | None = None  # bytes that may still be written; None: as many as one likes

    # --- looking

    def getattr(self, path: str, fh: int | None = None) -> dict:
        node = self._node(path)
        size = len(node.live) if isinstance(node, File) else BLOCK
        kind = stat.S_IFREG if isinstance(node, File) else stat.S_IFDIR
        times = dict.fromkeys(("st_mtime", "st_ctime", "st_atime"), int(node.mtime * 1e9))
        owner = {"st_uid": os.getuid(), "st_gid": os.getgid(), "st_nlink": 1}
        return {"st_mode": kind | node.mode, "st_size": size, **owner, **times}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self._folder(path).live]

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._file(path).live[offset : offset + size])

    def open(self, path: str, flags: int) -> int:
        self._file(path)
        return 0

    def opendir(self, path: str) -> int:
        self._folder(path)
        return 0

    def statfs(self, path: str) -> dict:
        self._alive()
        free = {"f_bfree": 1 << 20, "f_bavail": 1 << 20, "f_ffree": 1 << 20, "f_favail": 1 << 20}
        return {"f_bsize": BLOCK, "f_frsize": BLOCK, "f_blocks": 1 << 21, "f_namemax": 255, **free}

    # --- changing

    def create(self, path: str, mode: int, fi: object = None) -> int:
        folder, name = self._place(path)
        folder.live[name] = File(stat.S_IMODE(mode))
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        folder, name = self._place(path)
        if name in folder.live:
            raise OSError(errno.EEXIST, path)
        folder.live[name] = Folder(stat.S_IMODE(mode))
        return 0

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        with self.guard:
            file = self._file(path)
            if self.room is not None:
                if len(data) > self.room:
                    raise OSError(errno.ENOSPC, path)
                self.room -= len(data)
            file.write(data, offset)
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        with self.guard:
            self._file(path).truncate(length)
        return 0

    def unlink(self, path: str) -> int:
        folder, name = self._place(path)
        self._file(path)
        del folder.live[name]
        return 0

    def rmdir(self, path: str) -> int:
        folder, name = self._place(path)
        if self._folder(path).live:
            raise OSError(errno.ENOTEMPTY, path)
        del folder.live[name]
        return 0

    def link(self, new: str, old: str) -> int:
        folder, name = self._place(new)
        if name in folder.live:
            raise OSError(errno.EEXIST, new)
        folder.live[name] = self._file(old)
        return 0

    def rename(self, old: str, new: str) -> int:
        source, old_name = self._place(old)
        target, new_name = self._place(new)
        node = self._node(old)
        with self.guard:
            del source.live[old_name]
            target.live[new_name] = node
        return 0

    def chmod(self, path: str, mode: int) -> int:
        self._node(path).mode = stat.S_IMODE(mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        self._node(path)
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        self._node(path).mtime = times[1] / 1e9 if times else time.time()
        return 0

    # --- making safe

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        with self.guard:
            self._file(path).sync()
            self.syncs += 1
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        with self.guard:
            self._folder(path).sync()
            self.syncs += 1
        return 0

    # --- inside

    def _alive(self) -> None:
        if self.dead:
            raise OSError(errno.EIO, "the power is off")

    def _node(self, path: str) -> File | Folder:
        self._alive()
        node: File | Folder = self.root
        for name in path.split("/"):
            if not name:
                continue
            if not isinstance(node, Folder):
                raise OSError(errno.ENOTDIR, path)
            if name not in node.live:
                raise OSError(errno.ENOENT, path)
            node = node.live[name]
        return node

    def _file(self, path: str) -> File:
        node = self._node(path)
        if not isinstance(node, File):
            raise OSError(errno.EISDIR, path)
        return node

    def _folder(self, path: str) -> Folder:
        node = self._node(path)
        if not isinstance(node, Folder):
            raise OSError(errno.ENOTDIR, path)
        return node

    def _place(self, path: str) -> tuple[Folder, str]:
        parent, _, name = path.rpartition("/")
        return self._folder(parent), name


def load(path: Path) -> Folder:
    """A tree in which everything is safe."""
    folder = Folder(0o755)
    for item in path.iterdir():
        if item.is_dir():
            folder.live[item.name] = load(item)
        else:
            folder.live[item.name] = File(stat.S_IMODE(item.stat().st_mode), item.read_bytes())
    folder.sync()
    return folder


def save(folder: Folder, path: Path, draw: random.Random | None) -> None:
    """Write what survived of the tree into an ordinary folder."""
    path.mkdir()
    if draw is not None:
        folder.survive(draw)
    for name, node in folder.safe.items():
        if isinstance(node, Folder):
            save(node, path / name, draw)
            continue
        if draw is not None:
            node.survive(draw)
        (path / name).write_bytes(node.safe)
        (path / name).chmod(node.mode)


def main(mount: str, contents: str, control: str) -> None:
    """The process of the file system: serve the mount, and obey the control socket."""
    import mfusepy

    files = PowerCutFiles(load(Path(contents)))
    server = socket.socket(socket.AF_UNIX)
    server.bind(control)
    server.listen(1)

    def obey() -> None:
        link, _ = server.accept()
        for line in link.makefile("rb"):
            order = json.loads(line)
            with files.guard:
                if order["do"] == "cut":
                    files.dead = True
                    seed = order["seed"]
                    draw = None if seed is None else random.Random(seed)  # noqa: S311
                    save(files.root, Path(order["into"]), draw)
                if order["do"] == "fill":
                    files.room = order["room"]
            link.sendall(json.dumps({"syncs": files.syncs}).encode() + b"\n")

    threading.Thread(target=obey, daemon=True).start()
    options = {"attr_timeout": 0, "entry_timeout": 0, "fsname": "powercut", "nosuid": True}
    mfusepy.FUSE(files, mount, foreground=True, nothreads=True, **options)


class Disk:
    """A mount below `folder`; see the module."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "disk"
        self._contents = folder / "contents-0"
        self._control = folder / "c"
        self._count = 0
        self._child: subprocess.Popen | None = None
        self._link: socket.socket | None = None
        self._answers: Iterator[bytes] = iter(())
        self.path.mkdir(parents=True)
        self._contents.mkdir()

    def __enter__(self) -> Self:
        self._mount()
        return self

    def __exit__(self, *_: object) -> None:
        self._unmount()

    def cut(self, *, seed: int | None = None) -> None:
        """Cut the power. With a seed a random part of what was not synced survives."""
        self._count += 1
        following = self._contents.with_name(f"contents-{self._count}")
        self._ask({"do": "cut", "into": str(following), "seed": seed})
        shutil.rmtree(self._contents)
        self._contents = following

    def restore(self) -> None:
        """Give the power back. All processes that used the disk must have ended."""
        self._unmount()
        self._mount()

    def fill(self, room: int | None) -> None:
        """Let so many more bytes be written, then the disk is full; None makes room again."""
        self._ask({"do": "fill", "room": room})

    def syncs(self) -> int:
        """How many fsyncs the disk has seen since it was mounted."""
        return self._ask({"do": "count"})["syncs"]

    def _ask(self, order: dict) -> dict:
        if self._link is None:
            raise RuntimeError("the disk is not mounted")
        self._link.sendall(json.dumps(order).encode() + b"\n")
        return json.loads(next(self._answers))

    def _mount(self) -> None:
        self._control.unlink(missing_ok=True)
        arguments = [str(self.path), str(self._contents), str(self._control)]
        self._child = subprocess.Popen([sys.executable, __file__, *arguments])
        end = time.monotonic() + 20
        while not (os.path.ismount(self.path) and self._control.exists()):
            if time.monotonic() > end or self._child.poll() is not None:
                raise RuntimeError("the power-cut disk did not mount")
            time.sleep(0.01)
        self._link = socket.socket(socket.AF_UNIX)
        self._link.connect(str(self._control))
        self._answers = iter(self._link.makefile("rb"))

    def _unmount(self) -> None:
        if self._link is not None:
            self._link.close()
            self._answers = iter(())
            self._link = None
        command = ["umount"] if os.getuid() == 0 else ["fusermount", "-u"]
        for attempt in range(50):
            lazy = [] if attempt < 40 else ["-l"] if os.getuid() == 0 else ["-z"]
            done = subprocess.run(
                [*command, *lazy, str(self.path)], capture_output=True, check=False
            )
            if done.returncode == 0 or not self._listed():
                break
            time.sleep(0.05)
        if self._child is not None:
            self._child.wait(20)
            self._child = None

    def _listed(self) -> bool:
        """Whether the mount is there. After a cut even lstat fails, so the kernel's list is read."""
        mounts = Path("/proc/self/mounts").read_text("utf-8")
        return any(line.split(" ")[1] == str(self.path) for line in mounts.splitlines())


def missing() -> str:
    """Why no such disk can be made here, or nothing."""
    if not os.path.exists("/dev/fuse") or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse cannot be used here"
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError) as error:
        return (
            f"mfusepy or libfuse2 is missing ({type(error).__name__}): apt install libfuse2 fuse3"
        )
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:4])
