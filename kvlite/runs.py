"""One folder for a program whose runs overlap.

A folder belongs to one process. A run that finds it taken keeps its store in a folder of its own within it,
which begins as a copy. When it ends its changes are carried over, if the folder is free by then; else they
stay where they are, for the next one to open or to close it. Runs that find it taken meanwhile read them too,
and join what several have left. For all that it is the same whether a run came to its end or was killed.

A store of changes has the strings as they are now in database 0, and in `BEFORE` what each of them was when
it was copied, as a `State`. What a run copies is the folder, and changes of runs that began before it: so
changes are carried over in the order in which the runs began.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha1
from typing import TypeAlias

from .errors import PersistenceError, StoreLockedError
from .persist.exclusion import turn
from .persist.recovery import LOCK_NAME, RUNS_NAME
from .store import Store

GONE = "gone-"
"""How the name of a run's folder begins when it is about to be removed."""
BEFORE = 1
"""The database with the states before."""
DIGEST = 20
PAGE = 1000

State: TypeAlias = bytes
"""What a key held and until when: a digest and eight bytes."""
MISSING: State = b""


@dataclass
class Run:
    """What one run has of a folder."""

    path: str
    store: Store[bytes]
    own: str | None = None
    """The folder of its own; None for the run that has the folder itself."""

    @classmethod
    def open(cls, path: str) -> Run:
        """The strings in the folder `path`, which is made if it is missing, as far as they are there already.

        PersistenceError if it cannot be opened.
        """
        try:
            run = cls(path, Store(path))
        except StoreLockedError:
            os.makedirs(os.path.join(path, RUNS_NAME), exist_ok=True)
            with _turn(path):
                own = os.path.join(path, RUNS_NAME, f"{time.time_ns()}-{os.getpid()}")
                run = cls(path, Store(own), own)
                run._begin_as_copy()
        else:
            run._take_over()
        return run

    def close(self) -> None:
        """End the run: what it has changed is in the folder, or is kept for who next has that."""
        if self.own is None:
            self._take_over()
            self.store.close()
            return
        try:
            folder = Store(self.path)
        except StoreLockedError:
            with _turn(self.path):
                if _keep_changes(self.store):
                    self.store.compact()
                    self.store.close()
                else:
                    _remove(self.own, self.store)
        else:
            self.store.close()
            with folder:
                Run(self.path, folder)._take_over()

    def _take_over(self) -> None:
        """Carry over what runs have changed that have ended."""
        if os.path.isdir(os.path.join(self.path, RUNS_NAME)):
            with _turn(self.path):
                for path, store in self._ended():
                    with store:
                        _carry_over(store, self.store)
                        _remove(path, store)

    def _begin_as_copy(self) -> None:
        """As one change, for whoever finds this folder when this run is killed."""
        with ExitStack() as stack:
            stack.enter_context(self.store.atomic())
            with suppress(PersistenceError):  # who has the folder has only just made it
                _copy(stack.enter_context(Store(self.path, read_only=True)), self.store)
            ended = self._ended()
            for _, first in ended:
                stack.enter_context(first)
                for path, other in ended:  # all that follow
                    with other:
                        _join(other, first)
                        _remove(path, other)
                _carry_over(first, self.store)
            for key in _strings(self.store):
                self.store.select(BEFORE).set(key, _state(self.store, key))

    def _ended(self) -> Iterator[tuple[str, Store[bytes]]]:
        """The changes of runs that have ended, each with its folder, in the order in which they began."""
        runs = os.path.join(self.path, RUNS_NAME)
        for name in sorted(os.listdir(runs)):
            path = os.path.join(runs, name)
            if name.startswith(GONE):
                _delete(path)
            elif path != self.own and name != LOCK_NAME:
                store = None
                with suppress(PersistenceError):  # it still runs, or cannot be read
                    store = Store(path)
                if store is not None:
                    yield path, store


def _turn(path: str) -> AbstractContextManager[None]:
    """A block in which no other run begins or ends, but for one that has the folder."""
    return turn(os.path.join(path, RUNS_NAME, LOCK_NAME))


def _remove(path: str, store: Store[bytes]) -> None:
    """Remove the folder of a store, which nobody finds from the first moment on."""
    folder, name = os.path.split(path)
    gone = os.path.join(folder, GONE + name)
    os.rename(path, gone)
    store.close()
    _delete(gone)


def _delete(path: str) -> None:
    from shutil import rmtree  # slow to import, and rarely needed

    rmtree(path, ignore_errors=True)


# What was changed


def _carry_over(changes: Store[bytes], folder: Store[bytes]) -> None:
    """Make the changes in `folder`, but for those that it has overtaken."""
    for key, before, now in _changed(changes):
        if _wins(before, now, _state(folder, key)):
            _put(changes, folder, key)


def _join(changes: Store[bytes], others: Store[bytes]) -> None:
    """Add the changes to other ones, but for those that they have overtaken."""
    befores = others.select(BEFORE)
    for key, before, now in _changed(changes):
        if not (others.exists(key) or befores.exists(key)):
            befores.set(key, before)
            _put(changes, others, key)
        elif _wins(before, now, _state(others, key)):
            _put(changes, others, key)


def _wins(before: State, now: State, present: State) -> bool:
    """A change is to be made where `present` is now. If that has changed too, what lives longer wins."""
    is_new = _value(now) != _value(before)
    if _value(present) == _value(before):
        return is_new or _until(now) > _until(present)
    return is_new and now != MISSING and _until(now) >= _until(present)


def _changed(store: Store[bytes]) -> Iterator[tuple[bytes, State, State]]:
    """The keys that are not as they were, with their states before and now. What has expired is as it was."""
    befores = store.select(BEFORE)
    for key in _strings(store):
        before, now = befores.get(key) or MISSING, _state(store, key)
        if now != before:
            yield key, before, now
    for key in _strings(befores):
        before = befores.get(key) or MISSING
        if store.get(key) is None and _until(before) > _now(store):
            yield key, before, MISSING


def _keep_changes(store: Store[bytes]) -> bool:
    """Keep only what was changed; whether there is anything."""
    befores = store.select(BEFORE)
    changed = {key for key, _, _ in _changed(store)}
    for key in {*_strings(store), *_strings(befores)} - changed:
        store.delete(key)
        befores.delete(key)
    return bool(changed)


# What is kept under a key


def _strings(store: Store[bytes]) -> Iterator[bytes]:
    return store.scan_iter(count=PAGE, _type="string")


def _copy(source: Store[bytes], target: Store[bytes]) -> None:
    for key in _strings(source):
        _put(source, target, key)


def _put(source: Store[bytes], target: Store[bytes], key: bytes) -> None:
    """Let `target` hold what `source` does."""
    value, deadline = source.get(key), source.pexpiretime(key)
    if value is None:
        target.delete(key)
    else:
        target.set(key, value, pxat=deadline if deadline > 0 else None)


def _state(store: Store[bytes], key: bytes) -> State:
    value = store.get(key)
    if value is None:
        return MISSING
    deadline = store.pexpiretime(key)
    until = deadline.to_bytes(8, "big") if deadline > 0 else b"\xff" * 8
    return sha1(value, usedforsecurity=False).digest() + until


def _value(state: State) -> bytes:
    return state[:DIGEST]


def _until(state: State) -> bytes:
    return state[DIGEST:]


def _now(store: Store[bytes]) -> bytes:
    return store._shared.now().to_bytes(8, "big")
