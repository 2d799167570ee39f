"""Looking into a folder without opening a store: verify it, repair it, say what is in it.

The check reads every frame, unpacks every value and makes every effect again. It goes on behind damage: a
frame whose checksum is wrong is stepped over if a good one follows where it says that it ends; otherwise the
next good frame is searched for. What cannot be used is listed.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, cast
from zlib import crc32

from ..database import Value
from ..effects import announce
from ..errors import CorruptionError, PersistenceError
from ..keyspace import Keyspace
from ..structs import Collection
from .durability import prepare_folder, recover_while_written
from .files import SYSTEM, Files
from .log import LogReader, create_log, is_mark, log_name
from .record import (
    FRAME_OVERHEAD,
    HEADER_SIZE,
    KIND_NAMES,
    LOG,
    SNAPSHOT,
    Frames,
    packer,
    read_header,
    salt_of,
    unpack,
)
from .recovery import LOCK_NAME, Folder, Recovery, can_do_without, replays_of, scratch, siblings
from .snapshot import Capture, State, database_index, snapshot_name, write_snapshot

Progress = Callable[[int, int], None]
"""Told how many bytes of how many have been read."""

_TRIES = 10
_BEGINNING = re.compile(rb"(?=.{8}[\x92-\x9f\xdc\xdd])", re.DOTALL)
"""What the frame of an array looks like; two codes and more are in it."""
_EFFORT = 16
"""How often each byte of a file is looked at, on the average, in search of what follows damage."""


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
    checksum: int
    records: int = 0
    """Chunks of a snapshot, records of a log."""
    torn: int = 0
    """Bytes at the end of the last log that had never been synced."""
    end: int = 0
    """Where the last frame that can be read ends."""
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass
class Report:
    """What was found in a folder."""

    path: str
    store: Keyspace[Any]
    """A store in memory with what can be had from the files."""
    files: list[FileReport] = field(default_factory=list)
    problem: str | None = None
    """What is wrong with the folder as a whole: a file that is missing."""

    @property
    def sound(self) -> bool:
        return self.problem is None and not any(file.left_out for file in self.files)

    @property
    def keys(self) -> int:
        return sum(len(each._db.data) for each in siblings(self.store))

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
    for _ in range(_TRIES):
        folder = _existing(files, path)
        try:
            report = _look(folder, kind, progress, careful=False)
            if not report.sound:
                report = _look(folder, kind, progress, careful=True)
            if report.sound or not _has_moved(folder, report):
                return report
        except FileNotFoundError:
            continue  # compacted away before it was read
        except OSError as error:
            raise PersistenceError(f"{path} cannot be read: {error}") from error
    raise PersistenceError(f"{path} changes all the time: check a copy of it that `backup` made")


def _existing(files: Files, path: str) -> Folder:
    if not files.is_folder(path):
        raise PersistenceError(f"there is no store at {path}")
    prepare_folder(files, path)
    folder = Folder(files, path)
    if folder.is_new:
        raise PersistenceError(f"there is no store at {path}")
    return folder


def _has_moved(folder: Folder, report: Report) -> bool:
    """Whether somebody writes there: what looks like damage may have been half written when it was read."""
    now = Folder(folder.files, folder.path)
    return (now.logs, now.snapshots) != (folder.logs, folder.snapshots) or any(
        crc32(folder.files.read(folder.file(file.name))) != file.checksum
        for file in report.files
        if file.left_out
    )


def _look(folder: Folder, kind: type[Keyspace[Any]], progress: Progress, careful: bool) -> Report:
    """Read everything once. With `careful` an effect that fails is undone completely, as is what belongs to
    it: that takes a copy of whatever a record changes, so it is done only where something is wrong."""
    report = Report(folder.path, scratch(kind))
    files = folder.files
    done, total = 0, sum(files.size(folder.file(name)) for name in _used(folder))

    def read(name: str) -> tuple[bytes, FileReport]:
        data = files.read(folder.file(name))
        report.files.append(FileReport(name, len(data), crc32(data)))
        return data, report.files[-1]

    def follow(reading: Iterator[int], data: bytes) -> None:
        nonlocal done
        for position in reading:
            progress(done + position, total)
        done += len(data)
        progress(done, total)

    start = 1
    for number in reversed(folder.snapshots):
        start, report.store = number, scratch(kind)
        data, found = read(folder.snapshots[number])
        follow(_snapshot(data, found, report.store, number), data)
        if not found.left_out or not can_do_without(folder, number):
            break
        start, report.store = 1, scratch(kind)

    numbers = [number for number in folder.logs if number >= start]
    missing = sorted({*range(start, max(numbers, default=start) + 1)} - {*numbers})
    if missing:
        report.problem = f"{', '.join(map(log_name, missing))} is missing"
    if _was_given_up(folder, numbers):
        numbers.pop()
    before: FileReport | None = None
    for number in numbers:
        data, found = read(folder.logs[number])
        if before is not None and number - 1 in numbers:
            _goes_on(data, found, before)
        follow(_log(data, found, report.store, number, number == numbers[-1], careful), data)
        before = found
    return report


def _used(folder: Folder) -> list[str]:
    """The names of the files that are read if all is well."""
    start = max(folder.snapshots, default=1)
    logs = [name for number, name in folder.logs.items() if number >= start]
    return [folder.snapshots[start], *logs] if folder.snapshots else logs


def _was_given_up(folder: Folder, numbers: list[int]) -> bool:
    """Whether the last log was never used: it could not be begun properly, and the one before went on."""
    if len(numbers) < 2 or numbers[-2] != numbers[-1] - 1:
        return False
    try:
        old, new = (LogReader(folder.files.read(folder.file(folder.logs[each])), "") for each in numbers[-2:])
    except CorruptionError:
        return False
    return new.is_empty() and new.header.after < old.tail().offset


def _goes_on(data: bytes, found: FileReport, before: FileReport) -> None:
    """Notice if a log was cut off where a record ends: the next one knows how long it was."""
    with suppress(CorruptionError):
        after = read_header(data, found.name, LOG).after
        if after != before.end and not before.left_out:
            why = f"{found.name} goes on from byte {after}"
            before.left_out.append(LeftOut(before.name, before.end, max(0, after - before.end), why, b""))


def _snapshot(data: bytes, found: FileReport, store: Keyspace[Any], number: int) -> Iterator[int]:
    _check_header(data, found, SNAPSHOT, number)
    state = State([each._db for each in siblings(store)], {})
    store._shared.libraries = state.libraries
    keys, ended = 0, False
    for offset, payload in _frames(data, found):
        try:
            if ended:
                raise ValueError("something follows the end")
            where, content = unpack(payload)
            if where == "end":
                ended = True
                if content != keys and not found.left_out:
                    raise ValueError(f"{keys} keys where {content} were written")
            else:
                keys += len(content)
                state.add(where, content)
                found.records += 1
        except Exception as error:
            end = offset + FRAME_OVERHEAD + len(payload)
            _leave_out(found, data, offset, end, str(error) or type(error).__name__)
        yield offset
    if not ended:
        _leave_out(found, data, len(data), len(data), "the end of the snapshot is missing")


def _log(
    data: bytes, found: FileReport, store: Keyspace[Any], number: int, last: bool, careful: bool
) -> Iterator[int]:
    if _check_header(data, found, LOG, number) and last:
        tail = LogReader(data, found.name).tail()
        if tail.torn and tail.synced <= tail.offset:
            found.torn = tail.torn
            data = data[: tail.offset]
    salt = salt_of(data)
    stores, replays = siblings(store), replays_of(type(store))
    for offset, payload in _frames(data, found):
        if not is_mark(payload, salt):
            try:
                content = unpack(payload)
                with cast(Any, store).atomic() if careful else nullcontext():
                    for code, database, *arguments in content if isinstance(content[0], list) else [content]:
                        changed = stores[database_index(database)]
                        announce(changed, code, tuple(arguments))
                        replays[code](changed, arguments)
                found.records += 1
            except Exception as error:
                why = f"an effect that cannot be made: {error or type(error).__name__}"
                _leave_out(found, data, offset, offset + FRAME_OVERHEAD + len(payload), why)
        yield offset


def _check_header(data: bytes, found: FileReport, kind: int, number: int) -> bool:
    """Whether the header can be trusted. What follows it is read in any case."""
    try:
        header = read_header(data, found.name, kind)
        if header.number != number:
            raise CorruptionError(found.name, 0, f"it says that it is {KIND_NAMES[kind]} {header.number}")
    except CorruptionError as error:
        _leave_out(found, data, 0, min(HEADER_SIZE, len(data)), error.found)
        return False
    return True


def _leave_out(found: FileReport, data: bytes, start: int, end: int, why: str) -> None:
    found.left_out.append(LeftOut(found.name, start, end - start, why, data[start:end]))


def _frames(data: bytes, found: FileReport) -> Iterator[tuple[int, bytes]]:
    """The offset and the payload of every good frame, also behind damage."""
    found.end = min(HEADER_SIZE, len(data))
    size = len(data.rstrip(b"\0"))
    effort = _EFFORT * size
    while True:
        frames = Frames(data, found.end)
        for payload in frames:
            yield frames.end, bytes(payload)
        found.end = frames.end
        if frames.end >= size:
            return
        following, effort = _next_good(data, frames.end, size, effort)
        _leave_out(found, data, frames.end, following, "the checksum is wrong")
        if following >= size:
            return
        found.end = following


def _next_good(data: bytes, damaged: int, size: int, effort: int) -> tuple[int, int]:
    """Where the next good frame behind the damaged one begins, or `size`; how much effort is left.

    If its length is sound it says so itself. Otherwise all that looks like the beginning of a frame is tried,
    until as many bytes have been looked at as `effort` allows.
    """
    start = damaged + FRAME_OVERHEAD + int.from_bytes(data[damaged : damaged + 4], "little")
    if start == size or _is_frame(data, start):
        return start, effort
    for match in _BEGINNING.finditer(data, damaged + 1, size):
        length = int.from_bytes(data[match.start() : match.start() + 4], "little")
        if 0 < length <= len(data) - match.start() - FRAME_OVERHEAD:
            effort -= length
            if effort < 0:
                break
            if _is_frame(data, match.start()):
                return match.start(), effort
    return size, effort


def _is_frame(data: bytes, offset: int) -> bool:
    start = offset + FRAME_OVERHEAD
    end = start + int.from_bytes(data[offset : offset + 4], "little")
    checksum = int.from_bytes(data[offset + 4 : start], "little")
    return start < end <= len(data) and crc32(data[start:end]) == checksum


def repair(
    path: str, kind: type[Keyspace[Any]], files: Files = SYSTEM, progress: Progress = lambda done, total: None
) -> tuple[Report, str | None]:
    """Check the folder, and make it hold what could be read, and no more.

    The state goes into a new snapshot with a new log. The damaged files stay beside it, renamed to
    `*.damaged`. What was left out is listed in a file of JSON lines, with its bytes: its name is returned, or
    None if the folder is sound and nothing was done. StoreLockedError if somebody has it open.
    """
    _existing(files, path)
    try:
        lock = files.lock(os.path.join(path, LOCK_NAME), path)
        try:
            report = check(path, kind, files, progress)
            return report, None if report.sound else _rewrite(report, files)
        finally:
            lock.release()
    except OSError as error:
        raise PersistenceError(f"{path} cannot be repaired: {error}") from error


def _rewrite(report: Report, files: Files) -> str:
    folder = Folder(files, report.path)
    number = max([*folder.logs, *folder.snapshots]) + 1
    name = f"left-out-{number:08d}.jsonl"
    files.write(folder.file(name), map(_line, report.left_out))
    create_log(files, folder.file(log_name(number)), number).close()
    state = write_snapshot(Capture(report.store._shared), number, os.urandom(8))
    files.write(folder.file(snapshot_name(number)), state)
    for old in [*folder.snapshots.values(), *folder.logs.values()]:
        files.rename(folder.file(old), folder.file(old + ".damaged"))
    return name


def _line(piece: LeftOut) -> bytes:
    content = base64.b64encode(piece.content).decode()
    where = {"file": piece.file, "offset": piece.offset, "size": piece.size, "why": piece.why}
    return json.dumps({**where, "base64": content}).encode() + b"\n"


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
    libraries: dict[bytes, int]
    """The bytes of each library of functions, by its name."""


def contents(path: str, kind: type[Keyspace[Any]], files: Files = SYSTEM, largest: int = 10) -> Contents:
    """What is in the folder at `path`, changing nothing. CorruptionError if it is damaged."""
    folder = _existing(files, path)
    found = recover_while_written(files, path, kind)
    pack = packer().pack
    kinds: Counter[str] = Counter()
    sizes: list[tuple[int, int, bytes, str, int]] = []
    databases = found.state.databases
    for index, db in enumerate(databases):
        for key, value in db.data.items():
            name, elements = _described(value)
            kinds[name] += 1
            sizes.append((len(pack(value)), index, key, name, elements))
    sizes.sort(key=lambda row: (-row[0], row[1:]))
    file_sizes = {}
    for name in files.names(path):
        file = folder.file(name)
        with suppress(FileNotFoundError):
            if not files.is_folder(file):
                file_sizes[name] = files.size(file)
    return Contents(
        found.recovery,
        file_sizes,
        kinds,
        {index: len(db.data) for index, db in enumerate(databases) if db.data},
        sum(len(db.deadlines) for db in databases),
        sizes[:largest],
        {name: len(code) for name, code in found.state.libraries.items()},
    )


def _described(value: Value) -> tuple[str, int]:
    if isinstance(value, Collection):
        return value.kind, len(value)
    return "string", len(value) if isinstance(value, (bytes, bytearray)) else len(b"%d" % value)
