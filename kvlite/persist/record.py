"""Bytes to records and back: frames with a checksum around msgpack. No files here.

    file    = header frame*
    header  = magic (8 bytes)  version (u8)  kind (u8)  number (u64)  salt (8 bytes)  after (u64)  crc32 (u32)
    frame   = length (u32)  crc32 of the payload (u32)  payload (length bytes)

All integers are little-endian. A length of 0 never occurs: zeros are what stands behind the end of a log
that was not closed. docs/log_format.md has the whole grammar.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple
from zlib import crc32

import msgpack

from ..errors import CorruptionError, PersistenceError
from ..structs import Collection

MAGIC = b"kvlite\r\n"
VERSION = 1
LOG, SNAPSHOT = 1, 2
KIND_NAMES = {LOG: "log", SNAPSHOT: "snapshot"}

_HEADER = struct.Struct("<8sBBQ8sQ")
_CRC = struct.Struct("<I")
HEADER_SIZE = _HEADER.size + _CRC.size
_SALT = slice(18, 26)
_FRAME = struct.Struct("<II")
FRAME_OVERHEAD = _FRAME.size
pack_frame_head = _FRAME.pack
MAX_PAYLOAD = 0xFFFFFFFF
_USUAL = 1000
"""How long a collection in a record may be without further questions."""


class Header(NamedTuple):
    kind: int
    number: int
    salt: bytes
    after: int = 0
    """Of a log: where the records of the log before it ended."""


def pack_header(header: Header) -> bytes:
    packed = _HEADER.pack(MAGIC, VERSION, *header)
    return packed + _CRC.pack(crc32(packed))


def read_header(data: bytes, name: str, kind: int) -> Header:
    """The header of a file of this kind. CorruptionError if it is damaged, PersistenceError if newer."""
    if data[: len(MAGIC)] != MAGIC:
        raise CorruptionError(name, 0, f"not a kvlite {KIND_NAMES[kind]}")
    if len(data) > len(MAGIC) and data[len(MAGIC)] > VERSION:
        raise PersistenceError(
            f"{name} was written by a newer version of kvlite (format {data[len(MAGIC)]}; "
            f"this one reads up to {VERSION}): install a newer kvlite to open it"
        )
    if len(data) < HEADER_SIZE or _CRC.unpack_from(data, _HEADER.size)[0] != crc32(data[: _HEADER.size]):
        raise CorruptionError(name, 0, "the header is damaged")
    _, _, found, number, salt, after = _HEADER.unpack_from(data)
    if found != kind:
        raise CorruptionError(name, 0, f"not a {KIND_NAMES[kind]}")
    return Header(found, number, salt, after)


def salt_of(data: bytes) -> bytes:
    """The salt that the header of a file has, be it damaged or not."""
    return data[_SALT]


def frame(payload: bytes) -> bytes:
    if len(payload) > MAX_PAYLOAD:
        raise PersistenceError("a record of more than 4 GiB cannot be kept")
    return pack_frame_head(len(payload), crc32(payload)) + payload


class Frames:
    """The frames of a file, one after another; `end` is where the last good one ended."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = memoryview(data)
        self.end = start

    def __iter__(self) -> Iterator[memoryview]:
        data, last, head = self._data, len(self._data) - FRAME_OVERHEAD, _FRAME.unpack_from
        end = self.end
        while end <= last:
            length, checksum = head(data, end)
            start = end + FRAME_OVERHEAD
            end = start + length
            payload = data[start:end]
            if length == 0 or len(payload) < length or crc32(payload) != checksum:
                return
            yield payload
            self.end = end


def _portable(value: object) -> object:
    if isinstance(value, Collection):
        return {value.kind: value.dump()}
    raise TypeError(f"{type(value).__name__} has no place in a record")


def packer() -> msgpack.Packer:
    """What turns an effect into bytes; a collection becomes a map from its kind to its dump."""
    return msgpack.Packer(default=_portable)


def unpack(payload: bytes | memoryview) -> Any:
    """The object a payload holds; ValueError for anything that is not msgpack.

    A string is held against the bytes that are there before space for it is taken; a collection is not, and
    each of many, one in the other, may claim to be as long as the payload. So space for long ones is taken
    only when their elements have been seen to be there.
    """
    try:
        return msgpack.unpackb(
            payload, raw=False, strict_map_key=False, max_array_len=_USUAL, max_map_len=_USUAL
        )
    except Exception:
        return _unpack_long(payload)


def _unpack_long(payload: bytes | memoryview) -> Any:
    try:
        unpacker = msgpack.Unpacker(max_buffer_size=len(payload))
        unpacker.feed(payload)
        unpacker.skip()
        return msgpack.unpackb(payload, raw=False, strict_map_key=False)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"not msgpack: {error}") from error
