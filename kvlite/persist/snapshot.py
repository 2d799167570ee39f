"""Snapshots: the whole state as it was at one instant, written in slices while it goes on changing.

    snapshot = header libraries? chunk* footer
    libraries = frame of ["libraries", {name: code, ...}]
    chunk    = frame of [database, {key: text, ...}]                       strings without a deadline
             | frame of [database, [[key, deadline | nil, value], ...]]    everything else
    value    = text | {kind: dump}
    text     = bytes, or an integer for a string that counts
    footer   = frame of ["end", number of keys and libraries]

The file is complete if its last frame is a footer with the right number, or it does not count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from ..database import Database, Value
from ..errors import CorruptionError, PersistenceError
from ..keyspace import DATABASES, Keyspace, Shared
from ..structs import KINDS, Collection
from .record import (
    HEADER_SIZE,
    SNAPSHOT,
    Frames,
    Header,
    frame,
    pack_header,
    packer,
    read_header,
    unpack,
)

SUFFIX = ".snapshot"
LIBRARIES = "libraries"
SLICE = 4000
"""How many elements are taken at a time while nobody can write: less than a millisecond of strings."""
CHUNK = 1000
"""How many keys at most are in one chunk of the file."""
REST = 0.0005
"""Seconds between two slices, in which others run."""


def snapshot_name(number: int) -> str:
    return f"{number:08d}{SUFFIX}"


class _Part:
    """One database of a capture: what is still to be visited, and what was saved from being changed.

    The keys are walked as a scan does it, downward from the end of the dense array. A key at the cursor or
    above has been visited, or is younger than the capture; `done` names the exceptions below it.
    """

    def __init__(self, index: int, db: Database) -> None:
        self.index = index
        self.db = db
        self.cursor = len(db.keys)
        self.done: set[bytes] = set()
        self.plain: dict[bytes, bytes | int] = {}
        self.full: list[tuple[bytes, int | None, Any]] = []

    def changing(self, key: bytes) -> None:
        keys = self.db.keys
        self.cursor = min(self.cursor, len(keys))
        position = keys.positions.get(key)
        if position is None:
            if len(keys) == self.cursor:
                self.done.add(key)  # it comes to stand below the cursor if another key goes before it comes
            return
        if position < self.cursor and key not in self.done:
            self.save(key)
            self.done.add(key)
        if len(keys) > self.cursor:
            self.done.add(keys.items[-1])  # it takes the place of `key` if that goes

    def save(self, key: bytes) -> int:
        """Keep the value of `key` as it is now; about how much work that was."""
        value = self.db.data[key]
        deadline = self.db.deadlines.get(key)
        if isinstance(value, Collection):
            self.full.append((key, deadline, {value.kind: value.dump()}))
            return len(value)
        text = bytes(value) if isinstance(value, bytearray) else value
        if deadline is None:
            self.plain[key] = text
        else:
            self.full.append((key, deadline, text))
        return 1

    def advance(self, budget: int) -> int:
        """Save the next keys until the budget is used up; what is left of it."""
        items = self.db.keys.items
        self.cursor = min(self.cursor, len(items))
        while budget > 0 and self.cursor > 0:
            start = max(0, self.cursor - min(budget, CHUNK))
            if self._save_strings([key for key in items[start : self.cursor] if key not in self.done]):
                budget -= self.cursor - start
                self.cursor = start
            while budget > 0 and self.cursor > start:
                self.cursor -= 1
                key = items[self.cursor]
                budget -= 1 if key in self.done else 1 + self.save(key)
        return budget

    def _save_strings(self, keys: list[bytes]) -> bool:
        """Save all these at once if they are plain strings; whether they were."""
        db = self.db
        values: list[Any] = list(map(db.data.__getitem__, keys))
        if not set(map(type, values)) <= {bytes, int} or not db.deadlines.keys().isdisjoint(keys):
            return False
        self.plain.update(zip(keys, values, strict=True))
        return True


class Capture:
    """The state of all databases at the instant this is made, under the lock; an observer until it is read.

    Whatever is about to change is saved first, so writers go on while the rest is read in slices. It costs
    memory for the keys that change meanwhile, not for those that do not.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._parts = [_Part(store._index, store._db) for store in shared.open_stores]
        self._libraries = shared.libraries
        self._by_data = {id(part.db.data): part for part in self._parts}
        shared.observe(self)

    def changing(self, store: Keyspace[Any], key: bytes) -> None:
        part = self._by_data.get(id(store._db.data))
        if part is not None:
            part.changing(key)

    changing_aside = changing

    def emptying(self, store: Keyspace[Any]) -> None:
        pass  # the part holds on to the database that goes

    def swapping(self, store: Keyspace[Any], other: Keyspace[Any]) -> None:
        pass  # parts know their database by its data

    def chunks(self) -> Iterator[list[Any]]:
        """The chunks of a snapshot, taken slice by slice; call it without the lock, once."""
        shared = self._shared
        pending = True
        try:
            if self._libraries:
                yield [LIBRARIES, self._libraries]
            while pending:
                with shared.lock:
                    # Where nothing may change, dead fields go unannounced when they are met: be quicker.
                    budget = sys.maxsize if shared.frozen else SLICE
                    for part in self._parts:
                        budget = part.advance(budget)
                    pending = budget <= 0
                    taken = [(part.index, part.plain, part.full) for part in self._parts]
                    for part in self._parts:
                        part.plain, part.full = {}, []
                    if not pending:
                        shared.stop_observing(self)
                for index, plain, full in taken:
                    strings = iter(plain.items())
                    while piece := dict(islice(strings, CHUNK)):
                        yield [index, piece]
                    for start in range(0, len(full), CHUNK):
                        yield [index, full[start : start + CHUNK]]
                time.sleep(REST)
        finally:
            with shared.lock:
                if self in shared.observers:
                    shared.stop_observing(self)


def write_snapshot(
    capture: Capture, number: int, salt: bytes, stop: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """The bytes of a snapshot file, piece by piece. PersistenceError when `stop` says so between two."""
    pack = packer().pack
    yield pack_header(Header(SNAPSHOT, number, salt))
    keys = 0
    for chunk in capture.chunks():
        if stop():
            raise PersistenceError("the snapshot was given up")
        keys += len(chunk[1])
        yield frame(pack(chunk))
    yield frame(pack(["end", keys]))


class State(NamedTuple):
    """What a store holds."""

    databases: list[Database]
    """All sixteen."""
    libraries: dict[bytes, bytes]
    """The code of the libraries of functions, by their names."""

    @classmethod
    def empty(cls) -> State:
        return cls([Database() for _ in range(DATABASES)], {})

    def add(self, where: object, content: Any) -> None:
        """Add what one frame of a snapshot holds; an exception of any kind if that is nothing."""
        if where == LIBRARIES:
            _load_libraries(self.libraries, content)
        else:
            load_chunk(self.databases[database_index(where)], content)


def read_snapshot(data: bytes, name: str) -> tuple[int, State]:
    """The number of a snapshot and the state in it; CorruptionError if it is not whole and sound."""
    header = read_header(data, name, SNAPSHOT)
    state = State.empty()
    frames = Frames(data, HEADER_SIZE)
    keys, ended = 0, False
    for payload in frames:
        if ended:
            raise CorruptionError(name, frames.end, "something follows the end")
        try:
            where, content = unpack(payload)
            if where == "end":
                ended = True
                if content != keys:
                    raise ValueError(f"{keys} keys where {content} were written")
            else:
                keys += len(content)
                state.add(where, content)
        except Exception as error:
            raise CorruptionError(name, frames.end, str(error) or type(error).__name__) from error
    if not ended or frames.end != len(data):
        raise CorruptionError(name, frames.end, "a frame is damaged or missing")
    return header.number, state


def database_index(database: object) -> int:
    if not isinstance(database, int) or not 0 <= database < DATABASES:
        raise ValueError(f"no database {database!r}")
    return database


def load_chunk(db: Database, content: object) -> None:
    """Add the keys of a chunk; an exception of any kind if it is none."""
    if isinstance(content, dict):
        if not (set(map(type, content)) <= {bytes} and set(map(type, content.values())) <= {bytes, int}):
            raise ValueError("a string that is none")
        db.put_new(content)
    elif isinstance(content, list):
        for key, deadline, value in content:
            if type(key) is not bytes or not (deadline is None or type(deadline) is int):
                raise ValueError("a key or a deadline that is none")
            if key in db.data:
                raise ValueError("a key that is there twice")
            db.replace(key, revive(value), deadline)
    else:
        raise ValueError("a chunk that is none")


def _load_libraries(libraries: dict[bytes, bytes], content: object) -> None:
    if not isinstance(content, dict) or not {*map(type, content), *map(type, content.values())} <= {bytes}:
        raise ValueError("libraries that are none")
    libraries.update(content)


def revive(value: object) -> Value:
    """The value that was written as this; ValueError if none was."""
    if isinstance(value, dict) and len(value) == 1:
        (kind, dump), *_ = value.items()
        if kind in KINDS:
            collection = KINDS[kind].load(dump)
            if not len(collection) and not collection.may_be_empty:
                raise ValueError(f"an empty {kind}")
            return collection
    if isinstance(value, bytes) or type(value) is int:
        return value
    raise ValueError("a value that is none")
