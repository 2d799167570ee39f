"""The append log: one file of effects, in the order in which they were made.

    log     = header (record | mark)*
    record  = frame whose payload is one effect, or an array of the effects that belong together
    effect  = [code, database, argument...]
    mark    = frame whose payload is salt (8 bytes)  position (u64)

A mark says that everything before `position` is known to be on the disk. Damage before a mark that can be
read is damage to what was kept; behind the last one it is a torn tail. Marks begin with the salt of the
file, eight random bytes, so that they can be found behind a hole and no value can pass for one.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple
from zlib import crc32

from ..errors import CorruptionError
from .files import Appender, Files
from .record import (
    FRAME_OVERHEAD,
    HEADER_SIZE,
    LOG,
    Frames,
    Header,
    frame,
    pack_frame_head,
    pack_header,
    read_header,
    unpack,
)

SUFFIX = ".log"
_POSITION = struct.Struct("<Q")
MARK_SIZE = 8 + _POSITION.size


def log_name(number: int) -> str:
    return f"{number:08d}{SUFFIX}"


def is_mark(payload: bytes | memoryview, salt: bytes) -> bool:
    return len(payload) == MARK_SIZE and payload[: len(salt)] == salt


class LogWriter:
    """Appends records to one log."""

    def __init__(self, file: Appender, salt: bytes) -> None:
        self._file = file
        self._salt = salt
        self.synced = file.position
        """How far the file is known to be on the disk."""
        self._marked = HEADER_SIZE
        self._failure: OSError | None = None

    @property
    def position(self) -> int:
        return self._file.position

    def append(self, payload: bytes) -> int:
        """Keep one record; where it ends. OSError, and nothing is kept, if there is no room."""
        if self.synced > self._marked:
            self._mark()
        file = self._file
        file.append(pack_frame_head(len(payload), crc32(payload)) + payload)
        return file.position

    def _mark(self) -> None:
        self._file.append(frame(self._salt + _POSITION.pack(self.synced)))
        self._marked = self.synced

    def sync(self) -> None:
        """Return when all records are on the disk. OSError ends the log: every other try ends in it too."""
        if self._failure is not None:
            raise OSError(*self._failure.args)
        position = self._file.position
        try:
            self._file.sync()
        except OSError as error:
            self._failure = error
            raise
        self.synced = position

    def finish(self) -> None:
        """Leave a mark that says how far the log is synced, if there is room for it."""
        if self.synced > self._marked:
            with contextlib.suppress(OSError):
                self._mark()
                self._file.sync()

    def cut(self, position: int) -> None:
        """Drop the records behind `position`, durably; OSError if that is in doubt."""
        self._file.cut(position)
        self._file.sync()

    def close(self) -> None:
        self._file.close()


def create_log(files: Files, path: str, number: int, after: int = 0) -> LogWriter:
    """A new empty log, known to be on the disk; `after` is where the log before it ends.

    If this fails, an empty file may be left, which recovery takes no notice of.
    """
    salt = os.urandom(8)
    temporary = path + ".tmp"
    file = files.create(temporary)
    try:
        file.append(pack_header(Header(LOG, number, salt, after)))
        file.sync()
        files.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            file.close()
        raise
    return LogWriter(file, salt)


class Tail(NamedTuple):
    """What follows the last good record of a log."""

    offset: int
    torn: int
    """How many bytes were written there and cannot be used."""
    synced: int
    """How far the marks say that the log was on the disk."""


class LogReader:
    """The records of one log, and what follows them."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self._data = data
        self.header = read_header(data, name, LOG)
        self._frames: Frames | None = None

    def records(self) -> Iterator[tuple[int, list[Any]]]:
        """The offset and the effects of each good record, up to the first bad one.

        CorruptionError for a record with a good checksum that is none.
        """
        frames, salt = Frames(self._data, HEADER_SIZE), self.header.salt
        self._frames = frames
        for payload in frames:
            if len(payload) == MARK_SIZE and is_mark(payload, salt):
                continue
            try:
                content = unpack(payload)
            except ValueError as error:
                raise CorruptionError(self.name, frames.end, str(error)) from error
            if not isinstance(content, list) or not content:
                raise CorruptionError(self.name, frames.end, "a record that is no effect")
            yield frames.end, content if isinstance(content[0], list) else [content]

    def is_empty(self) -> bool:
        """Whether nothing was ever written behind the header."""
        return not self._data[HEADER_SIZE:].rstrip(b"\0")

    def tail(self) -> Tail:
        """Where the good records end, and what is behind them. O(size)."""
        frames = self._frames or Frames(self._data, HEADER_SIZE)
        for _ in frames:  # none, if all records have been read
            pass
        rest = self._data[frames.end :].rstrip(b"\0")
        return Tail(frames.end, len(rest), self._synced())

    def _synced(self) -> int:
        """The furthest position that a mark anywhere in the file vouches for."""
        data, salt = self._data, self.header.salt
        synced, at = HEADER_SIZE, data.find(salt, HEADER_SIZE)
        while at >= 0:
            payload = data[at : at + MARK_SIZE]
            start = at - FRAME_OVERHEAD
            whole = len(payload) == MARK_SIZE and start >= HEADER_SIZE
            if whole and data[start:at] == frame(payload)[:FRAME_OVERHEAD]:
                position = _POSITION.unpack_from(payload, 8)[0]
                if position <= start:
                    synced = max(synced, position)
            at = data.find(salt, at + 1)
        return synced
