"""One writer: the lock on a folder, which ends with the process that holds it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..errors import StoreLockedError

try:
    import fcntl
except ImportError:  # not on Windows, where an open file cannot be deleted or opened again for writing
    fcntl = None  # type: ignore[assignment]

FILE_MODE = 0o600
TURN = 10.0
"""Seconds after which nobody waits any more for who has the turn: that process may have been stopped."""


class FolderLock:
    """Held from its making until `release`, or until the process ends."""

    def __init__(self, path: str, folder: str) -> None:
        """StoreLockedError, naming the holder, if somebody has it; OSError if it cannot be had."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            _lock(descriptor)
        except OSError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StoreLockedError(
                f"{folder} is open for writing in process {holder}; "
                f"open it with read_only=True, or serve it from there"
            ) from None
        self._descriptor: int | None = descriptor
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        except OSError:
            self.release()
            raise

    def __del__(self) -> None:
        """A store that was dropped without being closed does not keep its folder."""
        if hasattr(self, "_descriptor"):
            self.release()

    def release(self) -> None:
        """Let others have it. In a forked child: let go of what is the parent's, who keeps it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def turn(path: str) -> Iterator[None]:
    """A block for one process, or thread, at a time of those that name the same file, which is made."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        until = time.monotonic() + TURN
        while not _locked(descriptor) and time.monotonic() < until:
            time.sleep(0.002)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        _lock(descriptor)
        return True
    return False


def _lock(descriptor: int) -> None:
    """Lock a file until it is closed. BlockingIOError if somebody else has."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
