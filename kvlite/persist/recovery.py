"""From the files of a folder back to the state: the newest complete snapshot, then the logs after it."""

from __future__ import annotations

import contextlib
import gc
import itertools
import logging
import os
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from ..clock import SystemClock
from ..effects import EFFECTS, KIND_OF
from ..errors import CorruptionError, PersistenceError
from ..keyspace import DATABASES, Keyspace, Shared
from ..structs import KINDS, Collection
from . import log, snapshot
from .files import Files
from .log import LogReader, Tail
from .snapshot import State, read_snapshot, revive

LOCK_NAME = "lock"
RUNS_NAME = "runs"
"""The folder within, where runs that overlap keep what they cannot write yet: see `runs`."""
logger = logging.getLogger("kvlite")


@dataclass
class Recovery:
    """What was found when a store was opened."""

    snapshot: str | None = None
    """The name of the snapshot that was read, if there was one."""
    logs: list[str] = field(default_factory=list)
    """The names of the logs that were read after it."""
    records: int = 0
    """How many records of the logs were made again."""
    keys: int = 0
    """How many keys there are now, in all databases."""
    torn_bytes: int = 0
    """How many bytes at the end of the last log could not be used: they had never been synced."""


class Folder:
    """The files of a store, by their numbers."""

    def __init__(self, files: Files, path: str) -> None:
        self.files = files
        self.path = path
        names = files.names(path)
        self.snapshots = _numbered(names, snapshot.SUFFIX)
        self.logs = _numbered(names, log.SUFFIX)
        begun = [name.removesuffix(".tmp") for name in names if name.endswith(".tmp")]
        begun = [*_numbered(begun, snapshot.SUFFIX).values(), *_numbered(begun, log.SUFFIX).values()]
        self.leftovers = [name + ".tmp" for name in begun]
        known = {*self.snapshots.values(), *self.logs.values(), *self.leftovers, LOCK_NAME, RUNS_NAME}
        self.foreign = [name for name in names if name not in known]

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    @property
    def is_new(self) -> bool:
        return not (self.snapshots or self.logs)

    def chain(self, start: int) -> list[int]:
        """The numbers of the logs from `start` on; PersistenceError if one is missing."""
        numbers = [number for number in self.logs if number >= start]
        if numbers != list(range(start, start + max(1, len(numbers)))):
            wanted = range(start, max(numbers, default=start) + 1)
            missing = next(number for number in wanted if number not in numbers)
            raise PersistenceError(f"{self.file(log.log_name(missing))} is missing")
        return numbers


def _numbered(names: list[str], suffix: str) -> dict[int, str]:
    """The names that are eight digits or more and `suffix`, in the order of their numbers."""
    stems = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    numbers = sorted(int(stem) for stem in stems if stem.isdecimal() and stem == f"{int(stem):08d}")
    return {number: f"{number:08d}{suffix}" for number in numbers}


@dataclass
class Found:
    """The state that the files of a folder tell, and where its last log goes on."""

    state: State
    recovery: Recovery
    log_number: int
    log_end: int
    log_synced: int
    """How far the last log says that it was on the disk."""
    log_salt: bytes
    snapshot_size: int
    spare: list[str]
    """The names of files that tell nothing any more."""


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Without looking for cyclic garbage: among many new values, none of which is any, that takes long."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_collector()
def recover(folder: Folder, kind: type[Keyspace[Any]], limit: tuple[int, int] | None = None) -> Found:
    """Read a folder that is not new. CorruptionError for damage, except a torn tail.

    `kind` is the class whose effects are made again. With `limit`, the number of a log and a position in it,
    nothing behind that counts.
    """
    recovery = Recovery()
    store = scratch(kind)
    start, size = 1, 0
    for number in reversed(folder.snapshots):
        path = folder.file(folder.snapshots[number])
        data = folder.files.read(path)
        try:
            found, state = read_snapshot(data, path)
            if found != number:
                raise CorruptionError(path, 0, f"it says that it is snapshot {found}")
        except CorruptionError as error:
            if not can_do_without(folder, number):
                raise
            logger.warning("%s; what came before it is still there and is used", error)
            continue
        _install(store, state)
        recovery.snapshot, start, size = folder.snapshots[number], number, len(data)
        break

    last: LogReader | None = None
    tail = Tail(0, 0, 0)
    for number in folder.chain(start):
        if limit is not None and number > limit[0]:
            break
        path = folder.file(folder.logs[number])
        data = folder.files.read(path)
        if limit is not None and number == limit[0]:
            data = data[: limit[1]]
        reader = LogReader(data, path)
        if reader.header.number != number:
            raise CorruptionError(path, 0, f"it says that it is log {reader.header.number}")
        if last is not None and reader.header.after != tail.offset:
            if reader.header.after < tail.offset and reader.is_empty() and number == max(folder.logs):
                break  # it was to be the next log; when that failed, the one before it went on
            raise CorruptionError(last.name, tail.offset, f"{path} goes on from byte {reader.header.after}")
        recovery.records += _replay(store, reader)
        recovery.logs.append(folder.logs[number])
        last, tail = reader, reader.tail()
        if tail.synced > tail.offset:
            raise CorruptionError(path, tail.offset, f"the log was on the disk up to byte {tail.synced}")

    assert last is not None
    state = State([each._db for each in siblings(store)], store._shared.libraries)
    recovery.torn_bytes = tail.torn
    recovery.keys = sum(len(db.data) for db in state.databases)
    used = {recovery.snapshot, *recovery.logs}
    spare = [name for name in [*folder.snapshots.values(), *folder.logs.values()] if name not in used]
    header = last.header
    return Found(state, recovery, header.number, tail.offset, tail.synced, header.salt, size, spare)


def can_do_without(folder: Folder, snapshot: int) -> bool:
    """Whether the logs reach back to the snapshot before this one, or to the beginning."""
    older = max((each for each in folder.snapshots if each < snapshot), default=1)
    newest = max(folder.logs, default=0)
    return older < snapshot and older <= newest and folder.logs.keys() >= set(range(older, newest + 1))


def scratch(kind: type[Keyspace[Any]]) -> Keyspace[Any]:
    """A store that nobody else knows, to make effects on."""
    store = object.__new__(kind)
    store._attach(Shared(SystemClock(), 0), 0)
    return store


def siblings(store: Keyspace[Any]) -> list[Keyspace[Any]]:
    """All sixteen databases of a store."""
    return [store._sibling(index) for index in range(DATABASES)]


def _install(store: Keyspace[Any], state: State) -> None:
    store._shared.libraries = state.libraries
    for each, db in zip(siblings(store), state.databases, strict=True):
        each._db = db


def _replay(store: Keyspace[Any], reader: LogReader) -> int:
    """Make the effects of a log again; how many records there were."""
    stores = dict(enumerate(siblings(store)))
    replays = replays_of(type(store))
    records = 0
    for offset, effects in reader.records():
        try:
            for code, database, *arguments in effects:
                replays[code](stores[database], arguments)
        except Exception as error:
            found = f"an effect that cannot be made: {error or type(error).__name__}"
            raise CorruptionError(reader.name, offset, found) from error
        records += 1
    return records


_Replay = Callable[[Keyspace[Any], list[Any]], None]
_replay_tables: dict[type, dict[int, _Replay]] = {}


def replays_of(store: type) -> dict[int, _Replay]:
    """How to make each effect again, by its code."""
    if store not in _replay_tables:
        _replay_tables[store] = {
            code: _replay_of(getattr(store, name), code) for code, name in EFFECTS.items()
        }
    return _replay_tables[store]


def _replay_of(method: Callable[..., Any], code: int) -> _Replay:
    """`method` behind a check of its arguments against its own signature, and of the value it works on."""
    hints = typing.get_type_hints(method)
    hints.pop("return", None)
    checks = [
        _natural if hint is int and name != "count" else _check_for(hint) for name, hint in hints.items()
    ]

    good = list(map(_good_types, checks, hints.values()))
    all_good = set(itertools.product(*good))

    def replay(store: Keyspace[Any], arguments: list[Any]) -> None:
        if tuple(map(type, arguments)) not in all_good:
            arguments = [check(argument) for check, argument in zip(checks, arguments, strict=True)]
        method(store, *arguments)

    def replay_three(store: Keyspace[Any], arguments: list[Any]) -> None:
        first, second, third = arguments
        if type(first) in good[0] and type(second) in good[1] and type(third) in good[2]:
            method(store, first, second, third)
        else:
            replay(store, arguments)

    kind: Any = KIND_OF.get(code)
    if kind is None:
        return replay_three if len(checks) == 3 else replay  # a put, above all

    def replay_on_kind(store: Keyspace[Any], arguments: list[Any]) -> None:
        key = arguments[0]
        if type(store._db.data.get(key)) not in (NoneType, kind):
            raise ValueError("a value of another type")
        replay(store, arguments)
        value: Any = store._db.data.get(key)
        if value is not None and not len(value) and not value.may_be_empty:
            raise ValueError("an empty value")
        if kind is KINDS["set"] and value is not None and len(value.items) != len(value.positions):
            raise ValueError("a member that is there twice")

    return replay_on_kind


def _good_types(check: Callable[[Any], Any], hint: Any) -> set[type]:
    """The types of arguments that need no further check."""
    members = get_args(hint) if get_origin(hint) in (UnionType, typing.Union) else (hint,)
    return set(members) & {bytes, NoneType, int} - ({int} if check is _natural else set())


def _natural(argument: Any) -> int:
    if type(argument) is not int or argument < 0:
        raise ValueError(f"{argument!r} where a position should be")
    return argument


def _check_for(hint: Any) -> Callable[[Any], Any]:
    """What turns an argument as it was unpacked into one that `hint` describes; ValueError if it cannot."""
    if get_origin(hint) in (UnionType, typing.Union):
        members = get_args(hint)
        if Collection in members:
            return revive
        plain = tuple(member for member in members if member in (bytes, int, float, bool, NoneType))
        if len(plain) == len(members):
            return lambda argument: argument if type(argument) in plain else _refuse(argument, hint)
        others = [_check_for(member) for member in members if member not in plain]
        return lambda argument: argument if type(argument) in plain else others[0](argument)
    if get_origin(hint) in (list, Sequence, Iterable):
        (member,) = get_args(hint)
        if member in (bytes, int, float):
            accepted = {member}
            return lambda argument: (
                argument
                if type(argument) is list and set(map(type, argument)) <= accepted
                else _refuse(argument, hint)
            )
        element = _check_for(member)
        return lambda argument: (
            [element(each) for each in argument] if type(argument) is list else _refuse(argument, hint)
        )
    if get_origin(hint) is tuple:
        elements = [_check_for(member) for member in get_args(hint)]
        return lambda argument: (
            tuple(check(each) for check, each in zip(elements, argument, strict=True))
            if type(argument) is list
            else _refuse(argument, hint)
        )
    if get_origin(hint) is dict:
        of_key, of_value = map(_check_for, get_args(hint))
        return lambda argument: (
            {of_key(key): of_value(value) for key, value in argument.items()}
            if type(argument) is dict
            else _refuse(argument, hint)
        )
    assert hint in (bytes, int, float, bool), f"an effect cannot take {hint}"
    if hint is float:
        return lambda argument: (
            argument if type(argument) is float and argument == argument else _refuse(argument, hint)
        )
    return lambda argument: argument if type(argument) is hint else _refuse(argument, hint)


def _refuse(argument: Any, hint: Any) -> Any:
    raise ValueError(f"{type(argument).__name__} where {hint} should be")
