"""The file system, as far as a store uses it: the seam that tests replace.

Everything that touches the disk goes through a `Files`; `SYSTEM` is the real one. Every method raises
OSError when it fails, and then has changed nothing that the caller counts on.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterable
from typing import Protocol

from .exclusion import FILE_MODE, FolderLock

FOLDER_MODE = 0o700

_CHUNK_MIN = 64 * 1024
_CHUNK_MAX = 8 * 1024 * 1024
_PAGE = mmap.ALLOCATIONGRANULARITY


class Appender(Protocol):
    """A file that grows at its end. What was appended survives the end of the process at once, and that of
    the machine after `sync`."""

    position: int

    def append(self, data: bytes) -> None:
        """Add `data` to the end, all of it or nothing."""

    def sync(self) -> None:
        """Return when everything appended so far is on the disk. Must not be tried again if it failed."""

    def cut(self, position: int) -> None:
        """Drop what was appended from `position` on."""

    def close(self) -> None:
        """Leave the file as long as what was appended."""


class Files:
    """The real file system."""

    def lock(self, path: str, folder: str) -> FolderLock:
        """Take the lock of `folder`, the file `path`; StoreLockedError if somebody has it."""
        return FolderLock(path, folder)

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(path)

    def make_folder(self, path: str) -> None:
        """Create `path` and what is missing above it, durably."""
        missing = []
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path) or "."
        for folder in reversed(missing):
            os.mkdir(folder, FOLDER_MODE)
            self.sync_folder(os.path.dirname(folder) or ".")

    def names(self, folder: str) -> list[str]:
        return sorted(os.listdir(folder))

    def size(self, path: str) -> int:
        return os.path.getsize(path)

    def read(self, path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()

    def create(self, path: str) -> Appender:
        """A new file to append to; what was there under that name is gone."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        return _appender(descriptor, 0)

    def extend(self, path: str, length: int, synced: int) -> Appender:
        """The file at `path`, cut to `length` and synced, to append to.

        What lies behind `synced` is written once more: if a sync had failed before, it would be in memory
        only, and the next sync would not notice.
        """
        descriptor = os.open(path, os.O_RDWR)
        try:
            os.ftruncate(descriptor, length)
            for start in range(synced, length, _CHUNK_MAX):
                chunk = os.pread(descriptor, min(_CHUNK_MAX, length - start), start)
                os.pwrite(descriptor, chunk, start)
            os.fsync(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        return _appender(descriptor, length)

    def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Make `chunks` the content of `path`, durably: completely, or not at all."""
        temporary = path + ".tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        try:
            try:
                for chunk in chunks:
                    _write_all(descriptor, chunk)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self.rename(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def rename(self, path: str, new_path: str) -> None:
        """Let `path` take the place of `new_path`, durably."""
        os.replace(path, new_path)
        self.sync_folder(os.path.dirname(new_path) or ".")

    def remove(self, path: str) -> None:
        os.unlink(path)

    def sync_folder(self, folder: str) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _appender(descriptor: int, position: int) -> Appender:
    if hasattr(os, "posix_fallocate"):
        return MappedAppender(descriptor, position)
    return WritingAppender(descriptor, position)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class MappedAppender:
    """Appends by copying into a mapping of the file: a tenth of what a write call costs.

    A process that is killed loses nothing of a shared mapping. The space is reserved in advance, so a full
    disk is an error when the mapping has to grow, not a signal when it is written to; until the file is
    closed, zeros stand behind its end.
    """

    def __init__(self, descriptor: int, position: int) -> None:
        self.position = position
        self._descriptor = descriptor
        self._end = 0
        """How far the mapping reaches; 0 when there is none."""
        self._chunk = _CHUNK_MIN
        self._map: mmap.mmap | None = None

    def append(self, data: bytes) -> None:
        end = self.position + len(data)
        if end > self._end:
            self._grow(end)
        self._write(data)
        self.position = end

    def _grow(self, needed: int) -> None:
        base = self.position // _PAGE * _PAGE
        end = (max(needed, self.position + self._chunk) + _PAGE - 1) // _PAGE * _PAGE
        os.posix_fallocate(self._descriptor, base, end - base)
        mapping = mmap.mmap(self._descriptor, end - base, offset=base)
        mapping.seek(self.position - base)
        self._unmap()
        self._map, self._write, self._end = mapping, mapping.write, end
        self._chunk = min(2 * self._chunk, _CHUNK_MAX)

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def cut(self, position: int) -> None:
        self._unmap()
        os.ftruncate(self._descriptor, position)
        self.position = position

    def close(self) -> None:
        self._unmap()
        try:
            os.ftruncate(self._descriptor, self.position)
        finally:
            os.close(self._descriptor)

    def _unmap(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map, self._end = None, 0


class WritingAppender:
    """Appends by write calls, where space cannot be reserved."""

    def __init__(self, descriptor: int, position: int) -> None:
        self.position = position
        self._descriptor = descriptor
        os.lseek(descriptor, position, os.SEEK_SET)

    def append(self, data: bytes) -> None:
        try:
            _write_all(self._descriptor, data)
        except OSError:
            self.cut(self.position)
            raise
        self.position += len(data)

    def sync(self) -> None:
        getattr(os, "fdatasync", os.fsync)(self._descriptor)

    def cut(self, position: int) -> None:
        os.ftruncate(self._descriptor, position)
        os.lseek(self._descriptor, position, os.SEEK_SET)
        self.position = position

    def close(self) -> None:
        os.close(self._descriptor)


SYSTEM = Files()
