"""Keeping a store on disk: its journal, who syncs it when, and compaction.

A command's effects are appended to the log before they are made, under the store's lock; what happens then
depends on `fsync`:

- "always": the command waits, after it has let go of the lock, until its record is on the disk. Whoever
  comes first syncs for all who have appended by then.
- "everysec": a thread syncs once a second.
- "never": the operating system does it when it likes.

The first failure ends writing: the store is frozen, every later write raises the same PersistenceError, and
reads go on. What could not be kept is not there: if memory had gone ahead of the disk, it is read again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import threading
import weakref
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgpack

from ..errors import PersistenceError, ReadOnlyError, RedisError, StoreClosedError
from ..keyspace import Keyspace, Shared
from .files import Files
from .log import LogWriter, create_log, log_name
from .record import packer
from .recovery import LOCK_NAME, Folder, Found, Recovery, recover
from .snapshot import Capture, snapshot_name, write_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("kvlite")

Fsync = Literal["always", "everysec", "never"]
POLICIES = ("always", "everysec", "never")
SYNC_EVERY = 1.0
_array_header = msgpack.Packer().pack_array_header


class Sizes(NamedTuple):
    """Bytes in the files of a store."""

    snapshot: int
    """Of the last one."""
    log: int
    """Since then."""
    unsynced: int
    """How many of the log are not known to be on the disk."""


class Durability:
    """The journal of a store that is kept in a folder."""

    def __init__(
        self,
        store: Keyspace[Any],
        path: str,
        files: Files,
        fsync: Fsync,
        compact_percent: int,
        compact_min_size: int,
    ) -> None:
        if compact_percent < 0:
            raise ValueError("compact_percent is a percentage, and 0 turns compaction off")
        if fsync not in POLICIES:
            raise ValueError(f"fsync must be 'always', 'everysec' or 'never', not {fsync!r}")
        self.path = path
        self.fsync = fsync
        self.failure: str | None = None
        """Why nothing can be written any more."""
        self._store = store
        self._shared: Shared = store._shared
        self._files = files
        self._percent = compact_percent
        self._min_size = compact_min_size
        self._pack = packer().pack
        self._batch: list[bytes] = []
        self._owes = False
        self._deferred: dict[int, list[tuple[LogWriter, int]]] = {}
        """What the threads owe that do not wait for it themselves."""
        self._synced = threading.Condition()
        self._syncing = False
        self._closed = False
        self._compacting = threading.Lock()
        self._compactor: threading.Thread | None = None
        self._stop = threading.Event()

        prepare_folder(files, path)
        try:
            self._lock = files.lock(os.path.join(path, LOCK_NAME), path)
            try:
                self._open(Folder(files, path))
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise PersistenceError(f"{path} cannot be opened: {error}") from error
        self._plan_compaction()
        self._syncer: threading.Thread | None = None
        self.set_fsync(fsync)

    def _open(self, folder: Folder) -> None:
        """Begin the first log, or read what there is and go on with the last one."""
        files = self._files
        found = None if folder.is_new else recover(folder, type(self._store))
        for name in folder.leftovers:
            files.remove(folder.file(name))
        if found is None:
            self.recovery = Recovery()
            self._number, self._snapshot_size = 1, 0
            self._log = create_log(files, folder.file(log_name(1)), 1)
            return
        self.recovery = found.recovery
        self._number, self._snapshot_size = found.log_number, found.snapshot_size
        if self.recovery.torn_bytes:
            logger.warning(
                "%s: %d bytes at the end of the log had never been synced and were cut off",
                self.path,
                self.recovery.torn_bytes,
            )
        log = files.extend(folder.file(log_name(self._number)), found.log_end, found.log_synced)
        self._log = LogWriter(log, found.log_salt)
        for name in found.spare:
            files.remove(folder.file(name))
        _take_over(self._store, found)

    # Settings that may change

    def set_fsync(self, fsync: Fsync) -> None:
        """Sync by this policy from now on, also what was written before."""
        with self._shared.lock:
            self.fsync = fsync
            self.release = self._shared.lock.release if fsync != "always" else self._release_synced
            self._shared.keep_journal(self)
            if fsync == "everysec" and self._syncer is None:
                self._syncer = threading.Thread(
                    target=_sync_every_second,
                    args=(weakref.ref(self), self._stop),
                    name="kvlite-sync",
                    daemon=True,
                )
                self._syncer.start()

    @property
    def compact_percent(self) -> int:
        return self._percent

    @property
    def compact_min_size(self) -> int:
        return self._min_size

    def set_compaction(self, percent: int, min_size: int) -> None:
        """Compact the log from now on when it has grown by so much, and to so much at least."""
        with self._shared.lock:
            self._percent, self._min_size = percent, min_size
            if not self._compacting.locked():
                self._plan_compaction()

    def sizes(self) -> Sizes:
        """How much there is on the disk at this moment. Under the lock."""
        log = self._log
        return Sizes(self._snapshot_size, log.position, log.position - log.synced)

    # The journal, under the store's lock

    def write(self, effect: tuple[Any, ...]) -> None:
        if self.failure is not None:
            raise PersistenceError(self.failure)
        packed = self._pack(effect)
        if self._shared.depth:
            self._batch.append(packed)
        else:
            self._append(packed)

    def _append(self, payload: bytes) -> None:
        try:
            position = self._log.append(payload)
        except OSError as error:
            raise self._fail(f"the log cannot be written: {error}") from error
        except struct.error:
            raise PersistenceError(f"{self.path}: a record of more than 4 GiB cannot be kept") from None
        self._owes = True
        if position >= self._compact_at:
            self._start_compaction()

    def end_batch(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        try:
            if self.failure is not None:
                raise PersistenceError(self.failure)
            self._append(batch[0] if len(batch) == 1 else _array_header(len(batch)) + b"".join(batch))
        except PersistenceError:
            self._read_again(self._log.position)
            raise

    def mark(self) -> int:
        return len(self._batch)

    def rewind(self, mark: int) -> None:
        del self._batch[mark:]

    # Syncing

    def _release_synced(self) -> None:
        if self._owes and self._shared.depth == 0:
            self._owes = False
            written = self.written()
            self._shared.lock.release()
            self.settle(written)
        else:
            self._shared.lock.release()

    def written(self) -> tuple[LogWriter, int]:
        log = self._log
        return log, log.position

    def is_synced(self, written: tuple[LogWriter, int]) -> bool:
        """Whether there is nothing to do for `settle`."""
        log, position = written
        return log.synced >= position

    def settle(self, written: tuple[LogWriter, int]) -> None:
        if self.fsync == "always":
            owed = self._deferred.get(threading.get_ident())
            if owed is None:
                self._await_sync(*written)
            else:
                owed[:] = [written]

    @contextlib.contextmanager
    def deferring(self) -> Iterator[list[tuple[LogWriter, int]]]:
        """Within the block this thread waits for no sync: what is in the list in the end is to be settled, by
        whatever thread, before what was done counts as kept."""
        me = threading.get_ident()
        owed: list[tuple[LogWriter, int]] = []
        self._deferred[me] = owed
        try:
            yield owed
        finally:
            del self._deferred[me]

    def sync(self) -> None:
        """Return when everything written so far is on the disk."""
        with self._shared.lock:
            self._refuse_if_closed()
            if self._shared.depth:
                raise PersistenceError("a store cannot be synced from within a transaction")
        self._sync_all()

    def _sync_all(self) -> None:
        with self._shared.lock:
            written = self.written()
        self._await_sync(*written)

    def _await_sync(self, log: LogWriter, position: int) -> None:
        """Return when `log` is on the disk up to `position`; one of those who wait syncs for all."""
        while True:
            with self._synced:
                while self._syncing and log.synced < position:
                    self._synced.wait()
                if log.synced >= position:
                    return
                self._refuse_if_closed()
                self._syncing = True
            try:
                log.sync()
            except OSError as error:
                failure = error
            else:
                continue
            finally:
                with self._synced:
                    self._syncing = False
                    self._synced.notify_all()
            raise self._sync_failed(log, failure) from failure

    def _sync_failed(self, log: LogWriter, failure: OSError) -> PersistenceError:
        with self._shared.lock:
            error = self._fail(f"the log cannot be synced: {failure}")
            if self.fsync == "always" and log.position > log.synced:
                self._read_again(log.synced)
            return error

    def _finish_syncing(self) -> None:
        """Wait until no thread is syncing. Who begins afterwards finds out that there is nothing to sync."""
        with self._synced:
            while self._syncing:
                self._synced.wait()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreClosedError("the store is closed")

    # Failing

    def _fail(self, what: str) -> PersistenceError:
        """End writing; the error that says why. Under the lock."""
        if self.failure is None:
            self.failure = f"{self.path}: {what}. The store only reads until it is opened again"
            self._shared.frozen = True
            logger.error("%s", self.failure)
        return PersistenceError(self.failure)

    def _read_again(self, position: int) -> None:
        """Make memory what the disk holds up to `position` of the log. Under the lock, after a failure."""
        with contextlib.suppress(OSError):
            self._log.cut(position)
        if self._shared.closed:
            return
        try:
            limit = self._number, position
            found = recover_while_written(self._files, self.path, type(self._store), limit)
        except PersistenceError as error:
            logger.error("%s cannot be read again either: %s", self.path, error)
            self._store._close(f"{self.path} failed, and cannot be read any more")
            self._let_go()
            return
        for store in self._shared.open_stores:
            store._db.set_busy(True)  # for ever, for whoever is reading it
        _take_over(self._store, found)

    # Compaction

    def _plan_compaction(self) -> None:
        growth = self._snapshot_size * self._percent // 100
        self._compact_at: float = max(self._min_size, growth) if self._percent > 0 else float("inf")

    def _start_compaction(self) -> None:
        self._compact_at = float("inf")
        self._compactor = threading.Thread(target=self._compact_quietly, name="kvlite-compact", daemon=True)
        try:
            self._compactor.start()
        except RuntimeError:  # no more threads, or the interpreter is about to end
            self._compactor = None

    def _compact_quietly(self) -> None:
        try:
            self.compact()
        except RedisError as error:
            if not self._stop.is_set():
                logger.warning("%s: compaction failed, and will be tried again: %s", self.path, error)
                self._compact_at = 2 * max(self._min_size, self._log.position)

    def compact(self) -> None:
        """Write a snapshot of the present state and drop the logs and the snapshot before it.

        Writers go on meanwhile. Only one compaction runs at a time; a second call waits for the first, and
        does another.
        """
        with self._compacting:
            try:
                number, capture = self._begin_snapshot()
                folder = Folder(self._files, self.path)
                path = folder.file(snapshot_name(number))
                self._files.write(path, write_snapshot(capture, number, os.urandom(8), self._given_up))
                self._snapshot_size = self._files.size(path)
            except OSError as error:
                raise PersistenceError(f"{self.path}: the snapshot cannot be written: {error}") from error
            for old in [*_older(folder.snapshots, number), *_older(folder.logs, number)]:
                try:
                    self._files.remove(folder.file(old))
                except OSError as error:
                    logger.warning("%s stays for now: %s", folder.file(old), error)
            with self._shared.lock:
                self._plan_compaction()

    def _given_up(self) -> bool:
        return self._stop.is_set() or self.failure is not None

    def _begin_snapshot(self) -> tuple[int, Capture]:
        """Go over to a new log, and capture the state at this instant."""
        self.sync()  # most of it without the lock
        with self._shared.lock:
            if self._shared.depth:
                raise PersistenceError("a store cannot be compacted from within a transaction")
            self._refuse_if_closed()
            if self.failure is not None:
                raise PersistenceError(self.failure)
            number, old = self._number + 1, self._log
            self._await_sync(old, old.position)
            path = os.path.join(self.path, log_name(number))
            self._log, self._number = create_log(self._files, path, number, old.position), number
            with contextlib.suppress(OSError):
                old.close()
            return number, Capture(self._shared)

    # The end

    def stop(self) -> None:
        """End what goes on in the background. Called without the lock."""
        self._stop.set()
        compactor = self._compactor
        if compactor is not None:
            compactor.join()
        with self._compacting:
            pass  # nor is anybody else at it

    def close(self) -> None:
        """Sync, and let go of the folder. Called once, under the store's lock, after `stop`."""
        try:
            if self.fsync != "never":
                self._await_sync(self._log, self._log.position)
                if self.failure is None:
                    self._log.finish()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        with self._synced:
            self._closed = True
        self._finish_syncing()
        with contextlib.suppress(OSError):
            self._log.close()
        self._lock.release()

    def abandon(self) -> None:
        """Let go of the parent's files, in a process that was forked."""
        self._stop.set()
        self._lock.release()


class ReadOnly:
    """The journal of a store that must not change."""

    def __init__(self, store: Keyspace[Any], path: str, files: Files) -> None:
        self.path = path
        self._shared = store._shared
        self.release = store._shared.lock.release
        found = recover_while_written(files, path, type(store))
        self.recovery = found.recovery
        _take_over(store, found)
        store._shared.keep_journal(self)
        store._shared.frozen = True

    def write(self, effect: tuple[Any, ...]) -> None:
        raise ReadOnlyError("READONLY You can't write against a read only store.")

    def end_batch(self) -> None:
        pass

    def written(self) -> None:
        pass

    def settle(self, written: None) -> None:
        pass

    def mark(self) -> int:
        return 0

    def rewind(self, mark: int) -> None:
        pass

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass


def _take_over(store: Keyspace[Any], found: Found) -> None:
    """Make what was found the state of `store`."""
    shared = store._shared
    shared.libraries = found.state.libraries
    for index, db in enumerate(found.state.databases):
        if db.data or shared.stores[index] is not None:
            store._sibling(index)._adopt(db)
    shared.next_due = 0


def prepare_folder(files: Files, path: str) -> None:
    """Make sure that `path` is a folder for a store. PersistenceError, with nothing touched, if not."""
    try:
        if not files.exists(path):
            files.make_folder(path)
        elif not files.is_folder(path):
            raise PersistenceError(f"{path} is a file; a store is kept in a folder")
        folder = Folder(files, path)
    except OSError as error:
        raise PersistenceError(f"{path} cannot be opened: {error}") from error
    if folder.is_new and folder.foreign:
        raise PersistenceError(
            f"{path} holds something else than a store (there is {folder.foreign[0]!r}); name an empty folder"
        )


def recover_while_written(
    files: Files, path: str, kind: type[Keyspace[Any]], limit: tuple[int, int] | None = None
) -> Found:
    """Read a folder that somebody may be writing to, and compacting under our eyes."""
    attempts = 0
    while True:
        attempts += 1
        try:
            folder = Folder(files, path) if files.is_folder(path) else None
            if folder is None or folder.is_new:
                break
            return recover(folder, kind, limit)
        except FileNotFoundError as error:  # compacted away before it was read
            if attempts == 10:
                raise PersistenceError(f"{path} cannot be read: {error}") from error
        except OSError as error:
            raise PersistenceError(f"{path} cannot be read: {error}") from error
        except PersistenceError:  # it may have grown before our eyes and behind them
            if attempts >= 3:
                raise
    raise PersistenceError(f"there is no store at {path}")


def _older(names: dict[int, str], number: int) -> Iterator[str]:
    return (name for each, name in names.items() if each < number)


def _sync_every_second(reference: weakref.ref[Durability], stop: threading.Event) -> None:
    while not stop.wait(SYNC_EVERY):
        durability = reference()
        if durability is None:
            return
        if durability.fsync != "never":
            with contextlib.suppress(PersistenceError, StoreClosedError):
                durability._sync_all()
        if durability.failure is not None:
            return
        del durability
