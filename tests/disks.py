"""File systems in memory that lose power and fail, for stores to be opened on: `Store("/kv", files=disk)`.

`SimulatedDisk` records every change that reaches it. What is safe is what was synced: the content of a file
by `sync`, its name by `sync_folder`. `crash` makes the disk that would be found if the power went after any
of these changes. `fail` lets any operation fail.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, Literal

from kvlite import ManualClock, PersistenceError, ResponseError, Store, StoreLockedError

SECTOR = 512
RESERVE = 4096
FOLDER = -1

Mode = Literal["synced", "prefix", "sectors", "everything"]
MODES: list[Mode] = ["synced", "prefix", "sectors", "everything"]
"""What is left after the power went, beside what was synced: nothing; the beginning of what was written to
each file; any of its sectors; all of it, as when only the process dies."""


class _Content:
    """The bytes of one file, and what has been done to them since they were synced."""

    def __init__(self, synced: bytes = b"") -> None:
        self.synced = synced
        self.changes: list[tuple[Any, ...]] = []

    def sync(self) -> None:
        self.synced = bytes(_changed(self.synced, self.changes))
        self.changes = []

    def lose(self) -> None:
        """A sync fails: what was written since the last one stays in memory, and never gets to the disk."""
        self.changes = [("resize", change[1] + len(change[2])) if change[0] == "write" else change
                        for change in self.changes]  # fmt: skip

    def left(self, mode: Mode, random: Random) -> bytes:
        if mode == "synced":
            return self.synced
        if mode == "prefix":
            changes = self.changes[: random.randint(0, len(self.changes))]
            if changes and changes[-1][0] == "write":
                _, offset, data = changes[-1]
                changes[-1] = ("write", offset, data[: random.randint(0, len(data))])
            return bytes(_changed(self.synced, changes))
        after = bytes(_changed(self.synced, self.changes))
        if mode == "everything":
            return after
        size = random.choice([len(self.synced), len(after)])
        left = bytearray(self.synced[:size].ljust(size, b"\0"))
        likely = random.choice([0.1, 0.5, 0.9])
        for start in range(0, size, SECTOR):
            if random.random() < likely:
                sector = after[start : min(start + SECTOR, size)]
                left[start : start + len(sector)] = sector
        return bytes(left)


def _changed(content: bytes, changes: Iterable[tuple[Any, ...]]) -> bytearray:
    result = bytearray(content)
    for kind, *arguments in changes:
        if kind == "write":
            offset, data = arguments
            result.extend(bytes(max(0, offset - len(result))))
            result[offset : offset + len(data)] = data
        elif kind == "resize":
            result.extend(bytes(max(0, arguments[0] - len(result))))
        else:
            del result[arguments[0] :]
    return result


class SimulatedDisk:
    """A file system, as `kvlite.persist.files.Files` is one."""

    def __init__(self, names: dict[str, int] | None = None, contents: dict[int, bytes] | None = None) -> None:
        self._start = dict(names or {}), dict(contents or {})
        self._names, first = dict(self._start[0]), self._start[1]
        self._contents = {number: bytearray(content) for number, content in first.items()}
        self._next = max(first, default=0) + 1
        self._locked: set[str] = set()
        self._guard = threading.RLock()
        self.changes: list[tuple[Any, ...]] = []
        """Everything that changed the disk; `crash` counts in these."""
        self.operations: list[str] = []
        """Everything that was asked of the disk; `fail` counts in these."""
        self.failing: dict[int, tuple[int, bool]] = {}
        self.between: Callable[[], object] = lambda: None
        """Called between two pieces of a file that is written piece by piece."""

    # Losing power

    def crash(self, at: int | None = None, mode: Mode = "synced", seed: int = 0) -> SimulatedDisk:
        """The disk that is found if the power went after the first `at` changes."""
        random = Random(seed)
        names = dict(self._start[0])
        contents = defaultdict(_Content, {n: _Content(content) for n, content in self._start[1].items()})
        unsynced: list[tuple[Any, ...]] = []
        for kind, *arguments in self.changes[:at]:
            if kind == "file":
                number, *change = arguments
                contents[number].changes.append(tuple(change))
            elif kind == "sync":
                contents[arguments[0]].sync()
            elif kind == "lose":
                contents[arguments[0]].lose()
            elif kind == "sync folder":
                for change in unsynced:
                    if os.path.dirname(change[-1]) == arguments[0]:
                        _rename(names, change)
                unsynced = [each for each in unsynced if os.path.dirname(each[-1]) != arguments[0]]
            else:
                unsynced.append((kind, *arguments))
        if mode == "prefix":
            unsynced = unsynced[: random.randint(0, len(unsynced))]
        elif mode == "sectors":
            unsynced = [change for change in unsynced if random.random() < 0.5]
        for change in unsynced if mode != "synced" else []:
            _rename(names, change)
        folders = {name for name, number in names.items() if number == FOLDER} | {"/"}
        names = {name: number for name, number in names.items() if os.path.dirname(name) in folders}
        kept = {n: contents[n].left(mode, random) for n in sorted(set(names.values()) - {FOLDER})}
        return SimulatedDisk(names, kept)

    def kill(self) -> SimulatedDisk:
        """The disk that is found if the process died; the machine still shows what never got to the disk."""
        return SimulatedDisk(self._names, {n: bytes(content) for n, content in self._contents.items()})

    def image(self) -> dict[str, bytes]:
        """Every file with its content, as whoever reads the disk now sees it."""
        return {name: bytes(self._contents[n]) for name, n in self._names.items() if n != FOLDER}

    # Failing

    def fail(self, operation: int, code: int = errno.EIO, late: bool = False) -> None:
        """Let the operation with this number, counted from 0, fail; `late`: after it was done."""
        self.failing[operation] = code, late

    @contextlib.contextmanager
    def _operation(self, name: str) -> Iterator[None]:
        with self._guard:
            code, late = self.failing.get(len(self.operations), (0, False))
            self.operations.append(name)
            if code and not (late and name not in ("append", "lock")):
                raise OSError(code, os.strerror(code))
            yield
            if code:
                raise OSError(code, os.strerror(code))

    # What a store asks for

    def lock(self, path: str, folder: str) -> _Lock:
        with self._operation("lock"):
            if path in self._locked:
                raise StoreLockedError(f"{folder} is open for writing in process {os.getpid()}")
            self._locked.add(path)
            return _Lock(self._locked, path)

    def exists(self, path: str) -> bool:
        return path in self._names

    def is_folder(self, path: str) -> bool:
        return path == "/" or self._names.get(path) == FOLDER

    def make_folder(self, path: str) -> None:
        with self._operation("make folder"):
            self._change("new", FOLDER, path)
        self.sync_folder(os.path.dirname(path))

    def names(self, folder: str) -> list[str]:
        with self._operation("names"):
            return sorted(os.path.basename(name) for name in self._names if os.path.dirname(name) == folder)

    def size(self, path: str) -> int:
        with self._operation("size"):
            return len(self._contents[self._file(path)])

    def read(self, path: str) -> bytes:
        with self._operation("read"):
            return bytes(self._contents[self._file(path)])

    def create(self, path: str) -> SimulatedAppender:
        with self._operation("create"):
            number = self._create(path)
        return SimulatedAppender(self, number, 0)

    def extend(self, path: str, length: int, synced: int) -> SimulatedAppender:
        number = self._file(path)
        with self._operation("extend"):
            self._change("file", number, "cut", length)
            self._change("file", number, "write", synced, bytes(self._contents[number][synced:]))
        self._sync(number)
        return SimulatedAppender(self, number, length)

    def write(self, path: str, chunks: Iterable[bytes]) -> None:
        temporary = path + ".tmp"
        try:
            with self._operation("create"):
                number = self._create(temporary)
            position = 0
            for chunk in chunks:
                with self._operation("write"):
                    self._change("file", number, "write", position, chunk)
                position += len(chunk)
                self.between()
            self._sync(number)
            self.rename(temporary, path)
        except BaseException:
            if temporary in self._names:
                self._change("remove", temporary)
            raise

    def rename(self, path: str, new_path: str) -> None:
        with self._operation("rename"):
            self._file(path)
            self._change("rename", path, new_path)
        self.sync_folder(os.path.dirname(new_path))

    def remove(self, path: str) -> None:
        with self._operation("remove"):
            self._file(path)
            self._change("remove", path)

    def sync_folder(self, folder: str) -> None:
        with self._operation("sync folder"):
            self._change("sync folder", folder)

    # How it is done

    def _file(self, path: str) -> int:
        number = self._names.get(path)
        if number is None or number == FOLDER:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return number

    def _create(self, path: str) -> int:
        number, self._next = self._next, self._next + 1
        self._contents[number] = bytearray()
        self._change("new", number, path)
        return number

    def _sync(self, number: int) -> None:
        with self._guard:
            code, late = self.failing.get(len(self.operations), (0, False))
            if code and not late:
                self._change("lose", number)
            with self._operation("sync"):
                self._change("sync", number)

    def _change(self, *change: Any) -> None:
        with self._guard:
            self.changes.append(change)
            if change[0] == "file":
                _, number, *rest = change
                self._contents[number] = _changed(self._contents[number], [tuple(rest)])
            elif change[0] in ("new", "rename", "remove"):
                _rename(self._names, change)


def _rename(names: dict[str, int], change: tuple[Any, ...]) -> None:
    kind, *arguments = change
    if kind == "new":
        number, path = arguments
        names[path] = number
    elif kind == "rename":
        path, new_path = arguments
        if path in names:
            names[new_path] = names.pop(path)
    else:
        names.pop(arguments[0], None)


class _Lock:
    def __init__(self, locked: set[str], path: str) -> None:
        self._locked = locked
        self._path = path

    def release(self) -> None:
        self._locked.discard(self._path)


class SimulatedAppender:
    """Appends as a mapping of the file does: zeros, reserved in advance, stand behind the end."""

    def __init__(self, disk: SimulatedDisk, number: int, position: int) -> None:
        self.position = position
        self._disk = disk
        self._number = number
        self._reserved = position

    def append(self, data: bytes) -> None:
        end = self.position + len(data)
        with self._disk._operation("append"):
            if end > self._reserved:
                self._reserved = -(-end // RESERVE) * RESERVE
                self._disk._change("file", self._number, "resize", self._reserved)
            self._disk._change("file", self._number, "write", self.position, data)
            self.position = end

    def sync(self) -> None:
        self._disk._sync(self._number)

    def cut(self, position: int) -> None:
        with self._disk._operation("cut"):
            self._disk._change("file", self._number, "cut", position)
            self.position = self._reserved = position

    def close(self) -> None:
        with self._disk._operation("close"):
            self._disk._change("file", self._number, "cut", self.position)


# Something to do with a store

START_MS = 1_800_000_000_000
PATH = "/kv"

Deed = Callable[[Store[Any]], object]


class Undo(Exception):
    pass


def _transfer(store: Store[Any]) -> None:
    with store.atomic():
        store.decrby("left", 5)
        store.rpush("moves", "five")
        store.incrby("right", 5)


def _undone(store: Store[Any]) -> None:
    with contextlib.suppress(Undo), store.atomic():
        store.set("never", 1)
        store.flushdb()
        raise Undo


def _pipeline(store: Store[Any]) -> None:
    store.pipeline().sadd("tags", "x", "y").zadd("board", {"ann": 3}).hset("user", "n", "1").execute()


def _compact(store: Store[Any]) -> None:
    store.compact()


def _sync(store: Store[Any]) -> None:
    store.sync()


def _later(store: Store[Any]) -> None:
    store.advance(1.6)


def _look(store: Store[Any]) -> None:
    assert store.get("session") is None


DEEDS: list[Deed] = [
    lambda store: store.set("a", "first"),
    lambda store: store.mset({"b": "x" * 700, "c": 1, "d": b"\0" * 600}),
    lambda store: store.incr("c", 41),
    lambda store: store.rpush("queue", *range(20)),
    _transfer,
    lambda store: store.setrange("a", 9, "tail"),
    lambda store: store.hset("user", mapping={"name": "ann", "age": 30, "gone": "soon"}),
    lambda store: store.hpexpire("user", 2500, "gone"),
    _sync,
    lambda store: store.set("session", "s", px=1500),
    lambda store: store.sadd("tags", "a", "b", b"\xff\0"),
    lambda store: store.zadd("board", {"ann": 1.5, "bob": float("-inf")}),
    lambda store: store.select(3).set("far", "away" * 200),
    _pipeline,
    _compact,
    lambda store: store.lpop("queue", 3),
    lambda store: store.append("a", "y" * 1200),
    lambda store: store.move("b", 7),
    _later,
    _look,
    _undone,
    lambda store: store.linsert("queue", "before", "5", "new"),
    lambda store: store.rename("board", "best"),
    _transfer,
    _sync,
    lambda store: store.swapdb(3, 4),
    lambda store: store.lmove("queue", "done", "LEFT", "RIGHT"),
    _later,
    lambda store: store.hgetall("user"),
    lambda store: store.delete("c", "d"),
    _compact,
    lambda store: store.select(7).flushdb(),
    lambda store: store.zincrby("best", 2.5, "ann"),
    lambda store: store.srem("tags", "a", "b"),
    _transfer,
    lambda store: store.set("a", "last"),
    lambda store: store.persist("user"),
    lambda store: store.copy("user", "twin"),
    lambda store: store.xadd("events", {"kind": "order"}, "5-1"),
    lambda store: store.xgroup_create("events", "mail", 0),
    lambda store: store.xreadgroup("mail", "ann", {"events": ">"}),
    lambda store: store.xadd("events", {"kind": "order", "number": 2}, "5-2", maxlen=1, approximate=False),
    lambda store: store.xack("events", "mail", "5-1"),
]
"""Something of everything, in which nothing is left to chance."""

SYNCS = (_sync, _compact)
"""Deeds after which everything before them is on the disk."""
TIME = (_later, _look)
"""Deeds that acknowledge nothing: a dead key that is not dropped is dead all the same."""


def open_store(disk: Any, clock: ManualClock | None = None, **options: Any) -> Store[bytes]:
    return Store(PATH, files=disk, clock=clock or ManualClock(START_MS), compact_percent=0, **options)


def attempt(store: Store[Any], deed: Deed) -> PersistenceError | None:
    """Do it; the error if it could not be kept."""
    try:
        deed(store)
    except PersistenceError as error:
        return error
    except ResponseError:
        pass  # where deeds before it were not kept
    return None
