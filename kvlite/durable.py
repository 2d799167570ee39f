"""What a store does with disks: snapshot files of any store, and the folder of one that is kept.

Most of `persist` is imported in the methods that need it: it takes as long as all the rest of the package.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from .encoding import PathLike
from .errors import PersistenceError
from .keyspace import Keyspace, T
from .persist.files import SYSTEM, Files

if TYPE_CHECKING:
    from .persist.durability import Durability
    from .persist.recovery import Recovery
    from .persist.snapshot import State


class Durable(Keyspace[T]):
    """sync(), compact(), save(), backup(), restore_from()."""

    _files: Files = SYSTEM

    @property
    def recovery(self) -> Recovery | None:
        """What was found when the store was opened; None for a store in memory."""
        recovery: Recovery | None = getattr(self._shared.journal, "recovery", None)
        return recovery

    def _durability(self) -> Durability | None:
        """The journal, if there is a folder that may be written to."""
        self._check_open()
        journal = self._shared.journal
        if journal is None:
            return None
        from .persist.durability import Durability

        return journal if isinstance(journal, Durability) else None

    @property
    def _syncs(self) -> bool:
        """Whether a write waits until it is on the disk."""
        return getattr(self._shared.journal, "fsync", None) == "always"

    def _deferring(self) -> AbstractContextManager[list[Any]]:
        """A block in which this thread waits for no sync, and nothing is awaited. What is in the list in the
        end is for `_settle`, in another thread, before what was done counts."""
        return self._shared.journal.deferring() if self._syncs else nullcontext([])  # type: ignore[union-attr]

    def _settle(self, owed: list[Any]) -> None:
        """Return when what was left to do by a block that deferred is done."""
        journal = self._shared.journal
        if owed and journal is not None:
            journal.settle(owed[0])

    def sync(self) -> None:
        """Return when everything written so far is on the disk. Nothing to do for a store in memory."""
        durability = self._durability()
        if durability is not None:
            durability.sync()

    def compact(self) -> None:
        """Write a snapshot of the present state and drop the log before it. O(n), while others go on.

        It happens by itself when the log has grown enough. Nothing to do for a store in memory.
        """
        durability = self._durability()
        if durability is not None:
            durability.compact()

    def save(self, file: PathLike) -> None:
        """Write all databases, as they are at this instant, to one file. O(n), while others go on.

        `Store.load` and `restore_from` read it. The file is there completely, or not at all.
        """
        name = os.fspath(file)
        journal = self._shared.journal
        if journal is not None and os.path.dirname(os.path.realpath(name)) == os.path.realpath(journal.path):
            raise PersistenceError(f"{name} is in the folder of the store: save it somewhere else")
        try:
            self._files.write(name, self._snapshot(1))
        except OSError as error:
            raise PersistenceError(f"{name} cannot be written: {error}") from error

    def backup(self, path: PathLike) -> None:
        """Write all databases, as they are at this instant, to a new folder for `Store(path)`. O(n)."""
        from .persist.durability import prepare_folder
        from .persist.log import create_log, log_name
        from .persist.recovery import Folder
        from .persist.snapshot import snapshot_name

        files, path = self._files, os.fspath(path)
        prepare_folder(files, path)
        if not Folder(files, path).is_new:
            raise PersistenceError(f"there is a store at {path} already")
        try:
            files.write(os.path.join(path, snapshot_name(2)), self._snapshot(2))
            create_log(files, os.path.join(path, log_name(2)), 2).close()  # log 1 begins with nothing
        except OSError as error:
            raise PersistenceError(f"{path} cannot be written: {error}") from error

    def _snapshot(self, number: int) -> Any:
        from .persist.snapshot import Capture, write_snapshot

        self._acquire()
        try:
            capture = Capture(self._shared)
        finally:
            self._release()
        return write_snapshot(capture, number, os.urandom(8))

    def restore_from(self, file: PathLike) -> None:
        """Replace the content of all databases, and all libraries of functions, by what `save` wrote to
        `file`, as one change. O(n).

        CorruptionError, and nothing changes, if the file is not whole.
        """
        from .persist.snapshot import read_snapshot

        name = os.fspath(file)
        try:
            data = self._files.read(name)
        except OSError as error:
            raise PersistenceError(f"{name} cannot be read: {error}") from error
        _, state = read_snapshot(data, name)
        self._exchange(state)

    def _reload(self) -> None:
        """Write everything as to a snapshot, and make what is read from it the state, as one change. O(n)."""
        from .persist.snapshot import read_snapshot

        self._acquire()
        try:
            _, state = read_snapshot(b"".join(self._snapshot(1)), "memory")
            self._exchange(state)
        finally:
            self._release()

    def _exchange(self, state: State) -> None:
        """Let this be what the store holds, as one change. O(n)."""
        self._acquire()
        try:
            self._begin()
            try:
                self._keep_libraries(state.libraries)
                for index, db in enumerate(state.databases):
                    store = self._sibling(index) if db.data else self._shared.stores[index]
                    if store is None:
                        continue
                    if store._db.data:
                        store._effect_flush()
                    for key, value in db.data.items():
                        store._effect_load(key, value, db.deadlines.get(key))
            finally:
                self._end()
            self._shared.reencode()
        finally:
            self._release()
