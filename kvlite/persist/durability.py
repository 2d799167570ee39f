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
import threading
import weakref
from typing import TYPE_CHECKING, Any, Literal

import msgpack

from ..errors import PersistenceError, ReadOnlyError
from ..keyspace import Keyspace, Shared
from .exclusion import FolderLock
from .files import Files
from .log import LogWriter, create_log, log_name
from .record import MAX_PAYLOAD, packer
from .recovery import LOCK_NAME, Folder, Found, Recovery, recover
from .snapshot import Capture, snapshot_name, write_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("kvlite")

Fsync = Literal["always", "everysec", "never"]
SYNC_EVERY = 1.0
_array_header = msgpack.Packer().pack_array_header


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
        if fsync not in ("always", "everysec", "never"):
            raise ValueError(f"fsync must be 'always', 'everysec' or 'never', not {fsync!r}")
        self.path = path
        self.fsync = fsync
        self.error: PersistenceError | None = None
        self._store = store
        self._shared: Shared = store._shared
        self._files = files
        self._percent = compact_percent
        self._min_size = compact_min_size
        self._pack = packer().pack
        self._batch: list[bytes] = []
        self._owes = False
        self._synced = threading.Condition()
        self._syncing = False
        self._compacting = threading.Lock()
        self._compactor: threading.Thread | None = None
        self._stop = threading.Event()

        prepare_folder(files, path)
        self._lock = FolderLock(os.path.join(path, LOCK_NAME), path)
        try:
            folder = Folder(files, path)
            for name in folder.leftovers:
                files.remove(folder.file(name))
            if folder.is_new:
                self.recovery = Recovery()
                self._number, self._snapshot_size = 1, 0
                self._log = create_log(files, folder.file(log_name(1)), 1)
            else:
                found = recover(folder, type(store))
                self._take_over(found)
                self._number, self._snapshot_size = found.log_number, found.snapshot_size
                self.recovery = found.recovery
                if self.recovery.torn_bytes:
                    logger.warning(
                        "%s: %d bytes at the end of the log had never been synced and were cut off",
                        path,
                        self.recovery.torn_bytes,
                    )
                log_path = folder.file(log_name(self._number))
                self._log = LogWriter(files.extend(log_path, found.log_end), found.log_salt)
                for name in found.spare:
                    files.remove(folder.file(name))
        except OSError as error:
            self._lock.release()
            raise PersistenceError(f"{path} cannot be opened: {error}") from error
        except BaseException:
            self._lock.release()
            raise
        self._plan_compaction()
        self.release = self._shared.lock.release if fsync != "always" else self._release_synced
        self._shared.keep_journal(self)
        if fsync == "everysec":
            threading.Thread(
                target=_sync_every_second,
                args=(weakref.ref(self), self._stop),
                name="kvlite-sync",
                daemon=True,
            ).start()

    def _take_over(self, found: Found) -> None:
        """Make what was found the state of the store."""
        shared = self._shared
        for index, db in enumerate(found.databases):
            if db.data or shared.stores[index] is not None:
                store = self._store._sibling(index)
                if store._db.accesses is not None:
                    db.record_accesses()
                store._db = db
        shared.next_due = 0

    # The journal, under the store's lock

    def write(self, code: int, database: int, arguments: tuple[Any, ...]) -> None:
        if self.error is not None:
            raise self.error
        packed = self._pack((code, database, *arguments))
        if self._shared.depth:
            self._batch.append(packed)
        else:
            self._append(packed)

    def _append(self, payload: bytes) -> None:
        if len(payload) > MAX_PAYLOAD:
            raise PersistenceError(f"{self.path}: a record of more than 4 GiB cannot be kept")
        log = self._log
        try:
            log.append(payload)
        except OSError as error:
            self._fail(f"the log cannot be written: {error}", error)
        self._owes = True
        if log.position >= self._compact_at:
            self._start_compaction()

    def end_batch(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        try:
            if self.error is not None:
                raise self.error
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
        owes, log, position = self._owes, self._log, self._log.position
        if owes and self._shared.depth == 0:
            self._owes = False
            self._shared.lock.release()
            self._await_sync(log, position)
        else:
            self._shared.lock.release()

    def settle(self) -> None:
        if self.fsync == "always":
            with self._shared.lock:
                log, position = self._log, self._log.position
            self._await_sync(log, position)

    def _await_sync(self, log: LogWriter, position: int) -> None:
        """Return when `log` is on the disk up to `position`; one of those who wait syncs for all."""
        while log.synced < position:
            with self._synced:
                if self._syncing:
                    self._synced.wait()
                    continue
                if self.error is not None:
                    raise self.error
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
            self._sync_failed(log, failure)

    def _sync_failed(self, log: LogWriter, failure: OSError) -> None:
        with self._shared.lock:
            try:
                self._fail(f"the log cannot be synced: {failure}", failure)
            finally:
                if self.fsync == "always":
                    self._read_again(log.synced)

    def sync(self) -> None:
        """Return when everything written so far is on the disk."""
        with self._shared.lock:
            log, position = self._log, self._log.position
        self._await_sync(log, position)

    # Failing

    def _fail(self, what: str, cause: BaseException) -> None:
        """End writing, and raise why."""
        if self.error is None:
            self.error = PersistenceError(
                f"{self.path}: {what}. The store only reads until it is opened again"
            )
            self._shared.frozen = True
            logger.error("%s", self.error)
        raise self.error from cause

    def _read_again(self, position: int) -> None:
        """Make memory what the disk holds up to `position` of the log. Under the lock, after a failure."""
        self._finish_syncing()
        with contextlib.suppress(OSError):
            self._log.cut(position)
        try:
            found = recover(Folder(self._files, self.path), type(self._store), limit=position)
        except (OSError, PersistenceError) as error:
            logger.error("%s cannot be read again either: %s", self.path, error)
            self._store._close(f"{self.path} failed, and cannot be read any more")
            return
        for store in self._shared.open_stores:
            store._db.busy = True
            found.databases[store._index].busy = self._shared.depth > 0
        self._take_over(found)

    # Compaction

    def _plan_compaction(self) -> None:
        growth = self._snapshot_size * self._percent // 100
        self._compact_at: float = max(self._min_size, growth) if self._percent > 0 else float("inf")

    def _start_compaction(self) -> None:
        self._compact_at = float("inf")
        self._compactor = threading.Thread(target=self._compact_quietly, name="kvlite-compact", daemon=True)
        self._compactor.start()

    def _compact_quietly(self) -> None:
        try:
            self.compact()
        except (PersistenceError, OSError) as error:
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
                for old in [*_older(folder.snapshots, number), *_older(folder.logs, number)]:
                    self._files.remove(folder.file(old))
            except OSError as error:
                raise PersistenceError(f"{self.path}: the snapshot cannot be written: {error}") from error
            with self._shared.lock:
                self._plan_compaction()

    def _given_up(self) -> bool:
        return self._stop.is_set() or self.error is not None

    def _begin_snapshot(self) -> tuple[int, Capture]:
        """Go over to a new log, and capture the state at this instant."""
        self.sync()
        with self._shared.lock:
            if self._shared.depth:
                raise PersistenceError("a store cannot be compacted from within a transaction")
            if self.error is not None:
                raise self.error
            self._finish_syncing()
            number, old = self._number + 1, self._log
            try:
                old.sync()
            except OSError as error:
                self._sync_failed(old, error)
            self._log = create_log(self._files, os.path.join(self.path, log_name(number)), number)
            self._number = number
            old.close()
            return number, Capture(self._shared)

    def _finish_syncing(self) -> None:
        """Wait until no thread is syncing the log. Under the lock, so that none begins."""
        with self._synced:
            while self._syncing:
                self._synced.wait()

    # The end

    def stop(self) -> None:
        """End what goes on in the background. Called without the lock."""
        self._stop.set()
        compactor = self._compactor
        if compactor is not None and compactor is not threading.current_thread():
            compactor.join()

    def close(self) -> None:
        """Sync, and let go of the folder. Called once, under the store's lock, after `stop`."""
        self._finish_syncing()
        try:
            if self.error is None and self.fsync != "never":
                self._log.finish()
        except OSError as error:
            raise PersistenceError(f"{self.path}: the log cannot be synced: {error}") from error
        finally:
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
        found = _recover_while_written(files, path, type(store))
        self.recovery = found.recovery
        for index, db in enumerate(found.databases):
            if db.data:
                store._sibling(index)._db = db
        store._shared.keep_journal(self)
        store._shared.frozen = True

    def write(self, code: int, database: int, arguments: tuple[Any, ...]) -> None:
        raise ReadOnlyError("READONLY You can't write against a read only store.")

    def end_batch(self) -> None:
        pass

    def settle(self) -> None:
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


def _recover_while_written(files: Files, path: str, kind: type[Keyspace[Any]]) -> Found:
    """Read a folder that somebody may be writing to, and compacting under our eyes."""
    if not files.is_folder(path):
        raise PersistenceError(f"there is no store at {path}")
    for attempt in range(10):
        folder = Folder(files, path)
        if folder.is_new:
            raise PersistenceError(f"there is no store at {path}")
        try:
            return recover(folder, kind)
        except (FileNotFoundError, PersistenceError) as error:
            if attempt == 9 or Folder(files, path).logs == folder.logs:
                if isinstance(error, OSError):
                    raise PersistenceError(f"{path} cannot be read: {error}") from error
                raise
        except OSError as error:
            raise PersistenceError(f"{path} cannot be read: {error}") from error
    raise AssertionError


def _older(names: dict[int, str], number: int) -> Iterator[str]:
    return (name for each, name in names.items() if each < number)


def _sync_every_second(reference: weakref.ref[Durability], stop: threading.Event) -> None:
    while not stop.wait(SYNC_EVERY):
        durability = reference()
        if durability is None or durability.error is not None:
            return
        with contextlib.suppress(PersistenceError):
            durability.sync()
        del durability
