"""Looking into a folder without opening a store: verify it, repair it, say what is in it.

The check reads every frame, unpacks every value and makes every effect again. It goes on behind damage: a
frame whose checksum is wrong is stepped over if a good one follows where it says that it ends; otherwise the
next good frame is searched for. What cannot be used is listed.
"""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from zlib import crc32

from ..database import Database, Value
from ..errors import CorruptionError, PersistenceError
from ..keyspace import Keyspace
from ..structs import Collection
from .durability import prepare_folder
from .exclusion import FolderLock
from .files import SYSTEM, Files
from .log import LogReader, create_log, log_name
from .record import (
    FRAME_OVERHEAD,
    HEADER_SIZE,
    LOG,
    SNAPSHOT,
    Frames,
    Header,
    frame,
    pack_header,
    packer,
    read_header,
    unpack,
)
from .recovery import LOCK_NAME, Folder, Recovery, recover, replays_of, scratch, siblings
from .snapshot import SUFFIX as SNAPSHOT_SUFFIX
from .snapshot import load_chunk, snapshot_name

Progress = Callable[[int, int], None]
"""Told how many bytes of how many have been read."""

_LONGEST_FOUND = 16 * 1024 * 1024
"""The longest frame that is searched for behind damage."""


@dataclass
class LeftOut:
    """A piece of a file that cannot be used."""

    file: str
    offset: int
    size: int
    why: str
    content: bytes


@dataclass
class FileReport:
    """What was found in one file."""

    name: str
    size: int
    records: int = 0
    """Chunks of a snapshot, records of a log."""
    torn: int = 0
    """Bytes at the end of the last log that had never been synced."""
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass
class Report:
    """What was found in a folder."""

    path: str
    files: list[FileReport] = field(default_factory=list)
    databases: list[Database] = field(default_factory=list)
    problem: str | None = None
    """What is wrong with the folder as a whole: a file that is missing."""

    @property
    def sound(self) -> bool:
        return self.problem is None and not any(file.left_out for file in self.files)

    @property
    def keys(self) -> int:
        return sum(len(db.data) for db in self.databases)

    @property
    def left_out(self) -> list[LeftOut]:
        return [piece for file in self.files for piece in file.left_out]


def check(
    path: str, kind: type[Keyspace[Any]], files: Files = SYSTEM, progress: Progress = lambda done, total: None
) -> Report:
    """Verify everything in the folder at `path`, changing nothing. PersistenceError if there is no store.

    The report holds the state that can be had from it. A folder that a store is writing to can be checked;
    what is written meanwhile does not count.
    """
    folder = _existing(files, path)
    report = Report(path)
    store = scratch(kind)
    start = max(folder.snapshots, default=1)
    numbers = sorted(number for number in folder.logs if number >= start)
    if not numbers or numbers != list(range(start, numbers[-1] + 1)):
        missing = next(number for number in range(start, start + len(numbers) + 1) if number not in numbers)
        report.problem = f"{log_name(missing)} is missing"
    names = [folder.snapshots[start]] if folder.snapshots else []
    names += [folder.logs[number] for number in numbers]
    total = sum(files.size(folder.file(name)) for name in names)
    done = 0
    for name in names:
        data = files.read(folder.file(name))
        found = FileReport(name, len(data))
        report.files.append(found)
        reading = _snapshot if name.endswith(SNAPSHOT_SUFFIX) else _log
        for position in reading(data, found, store, last=name == names[-1]):
            progress(done + position, total)
        done += len(data)
        progress(done, total)
    report.databases = [each._db for each in siblings(store)]
    return report


def _existing(files: Files, path: str) -> Folder:
    if not files.is_folder(path):
        raise PersistenceError(f"there is no store at {path}")
    prepare_folder(files, path)
    folder = Folder(files, path)
    if folder.is_new:
        raise PersistenceError(f"there is no store at {path}")
    return folder


def _snapshot(data: bytes, found: FileReport, store: Keyspace[Any], last: bool) -> Iterator[int]:
    if not _header_is_sound(data, found, SNAPSHOT):
        return
    databases = [each._db for each in siblings(store)]
    ended = False
    for offset, payload in _frames(data, found):
        try:
            database, content = unpack(payload)
            if database == "end":
                ended = True
            else:
                load_chunk(databases[database], content)
                found.records += 1
        except Exception as error:
            _leave_out(found, data, offset, offset + FRAME_OVERHEAD + len(payload), str(error))
        yield offset
    if not ended:
        _leave_out(found, data, len(data), len(data), "the end of the snapshot is missing")


def _log(data: bytes, found: FileReport, store: Keyspace[Any], last: bool) -> Iterator[int]:
    if not _header_is_sound(data, found, LOG):
        return
    reader = LogReader(data, found.name)
    tail = reader.tail()
    if last and tail.torn and tail.synced <= tail.offset:
        found.torn = tail.torn
        data = data[: tail.offset]
    stores, replays = siblings(store), replays_of(type(store))
    for offset, payload in _frames(data, found):
        if not reader.is_mark(payload):
            try:
                content = unpack(payload)
                with cast(Any, store).atomic():
                    for code, database, *arguments in content if isinstance(content[0], list) else [content]:
                        replays[code](stores[database], arguments)
                found.records += 1
            except Exception as error:
                why = f"an effect that cannot be made: {error or type(error).__name__}"
                _leave_out(found, data, offset, offset + FRAME_OVERHEAD + len(payload), why)
        yield offset


def _header_is_sound(data: bytes, found: FileReport, kind: int) -> bool:
    try:
        read_header(data, found.name, kind)
    except CorruptionError as error:
        _leave_out(found, data, 0, len(data), error.found)
        return False
    return True


def _leave_out(found: FileReport, data: bytes, start: int, end: int, why: str) -> None:
    found.left_out.append(LeftOut(found.name, start, end - start, why, data[start:end]))


def _frames(data: bytes, found: FileReport) -> Iterator[tuple[int, bytes]]:
    """The offset and the payload of every good frame, also behind damage."""
    frames = Frames(data, HEADER_SIZE)
    while True:
        for payload in frames:
            yield frames.end, bytes(payload)
        rest = data[frames.end :].rstrip(b"\0")
        if not rest:
            return
        damaged = frames.end
        following = _next_good(data, damaged)
        _leave_out(found, data, damaged, following, "the checksum is wrong")
        if following >= len(data):
            return
        frames = Frames(data, following)


def _next_good(data: bytes, damaged: int) -> int:
    """Where the next good frame behind the damaged one begins, or the end."""
    length = int.from_bytes(data[damaged : damaged + 4], "little")
    if _is_frame(data, damaged + FRAME_OVERHEAD + length, len(data)):
        return damaged + FRAME_OVERHEAD + length
    for offset in range(damaged + 1, len(data) - FRAME_OVERHEAD):
        if data[offset + 3] == 0 and _is_frame(data, offset, _LONGEST_FOUND):
            return offset
    return len(data)


def _is_frame(data: bytes, offset: int, longest: int) -> bool:
    length = int.from_bytes(data[offset : offset + 4], "little")
    start = offset + FRAME_OVERHEAD
    if not 0 < length <= min(longest, len(data) - start):
        return False
    return crc32(data[start : start + length]) == int.from_bytes(data[offset + 4 : start], "little")


def repair(report: Report, files: Files = SYSTEM) -> str | None:
    """Make the folder hold what the check could read, and no more; the name of the file of what is left out.

    The state goes into a new snapshot with a new log. The damaged files stay beside it, renamed to
    `*.damaged`. What was left out is listed in a file of JSON lines, with its bytes. None, and nothing is
    done, if the folder is sound.
    """
    if report.sound:
        return None
    path = report.path
    folder = Folder(files, path)
    lock = FolderLock(os.path.join(path, LOCK_NAME), path)
    try:
        number = max([*folder.logs, *folder.snapshots]) + 1
        name = f"left-out-{number:08d}.jsonl"
        files.write(folder.file(name), map(_line, report.left_out))
        files.write(folder.file(snapshot_name(number)), _state(report.databases, number))
        create_log(files, folder.file(log_name(number)), number).close()
        for old in [*folder.snapshots.values(), *folder.logs.values()]:
            files.rename(folder.file(old), folder.file(old + ".damaged"))
        return name
    except OSError as error:
        raise PersistenceError(f"{path} cannot be repaired: {error}") from error
    finally:
        lock.release()


def _line(piece: LeftOut) -> bytes:
    content = base64.b64encode(piece.content).decode()
    where = {"file": piece.file, "offset": piece.offset, "size": piece.size, "why": piece.why}
    return json.dumps({**where, "base64": content}).encode() + b"\n"


def _state(databases: list[Database], number: int) -> Iterator[bytes]:
    """The bytes of a snapshot of databases that nobody uses."""
    pack = packer().pack
    keys = 0
    yield pack_header(Header(SNAPSHOT, number, os.urandom(8)))
    for index, db in enumerate(databases):
        for key, value in db.data.items():
            text = bytes(value) if isinstance(value, bytearray) else value
            yield frame(pack([index, [[key, db.deadlines.get(key), text]]]))
            keys += 1
    yield frame(pack(["end", keys]))


@dataclass
class Contents:
    """What a folder holds."""

    recovery: Recovery
    sizes: dict[str, int]
    """The size of each file, by its name."""
    kinds: Counter[str]
    """How many keys there are of each type."""
    databases: dict[int, int]
    """How many keys each database has that has any."""
    expiring: int
    """How many keys have a deadline."""
    largest: list[tuple[int, int, bytes, str, int]]
    """Bytes, database, key, type and number of elements of the largest values, as a snapshot keeps them."""


def contents(path: str, kind: type[Keyspace[Any]], files: Files = SYSTEM, largest: int = 10) -> Contents:
    """What is in the folder at `path`, changing nothing. CorruptionError if it is damaged."""
    folder = _existing(files, path)
    found = recover(folder, kind)
    pack = packer().pack
    kinds: Counter[str] = Counter()
    sizes: list[tuple[int, int, bytes, str, int]] = []
    for index, db in enumerate(found.databases):
        for key, value in db.data.items():
            name, elements = _described(value)
            kinds[name] += 1
            sizes.append((len(pack(value)), index, key, name, elements))
    sizes.sort(key=lambda row: (-row[0], row[1:]))
    return Contents(
        found.recovery,
        {name: files.size(folder.file(name)) for name in files.names(path)},
        kinds,
        {index: len(db.data) for index, db in enumerate(found.databases) if db.data},
        sum(len(db.deadlines) for db in found.databases),
        sizes[:largest],
    )


def _described(value: Value) -> tuple[str, int]:
    if isinstance(value, Collection):
        return value.kind, len(value)
    return "string", len(value) if isinstance(value, (bytes, bytearray)) else len(b"%d" % value)
