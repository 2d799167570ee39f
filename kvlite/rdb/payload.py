"""Whole payloads: an object, or libraries of functions, with their version and checksum."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import BAD_DATA_FORMAT, BAD_PAYLOAD, ResponseError
from ..structs import Collection
from ..structs.limits import Limits
from .crc64 import crc64
from .kinds import FUNCTION
from .reader import read, string
from .source import BadFormat, Source
from .writer import write, write_string

VERSION = 10
FOOTER_SIZE = 10


def dump(value: object, limits: Limits) -> bytes:
    """The payload of a value: what DUMP answers. O(n)."""
    return _sealed(write(value, limits))


def load(payload: bytes, limits: Limits) -> bytes | Collection:
    """The value that a payload, of this version or an older one, was made from. O(n).

    A ResponseError with Redis's text for every other bytes. No memory is taken for what they announce and do
    not have.
    """
    # Redis reads the object from the whole payload, so what is behind it in there is not looked at.
    _verify(payload)
    try:
        return read(payload, limits)
    except BadFormat:
        raise ResponseError(BAD_DATA_FORMAT) from None


def dump_libraries(codes: Iterable[bytes], limits: Limits) -> bytes:
    """The payload of the libraries with this code: what FUNCTION DUMP answers. O(n)."""
    return _sealed(b"".join(bytes((FUNCTION,)) + write_string(code, limits) for code in codes))


def load_libraries(payload: bytes) -> list[bytes]:
    """The code of the libraries in a payload. ResponseError with Redis's text if it is none. O(n)."""
    _verify(payload)
    source = Source(payload)
    codes = []
    while source.left > FOOTER_SIZE:
        if source.number(1) != FUNCTION:
            raise ResponseError("given type is not a function")
        try:
            codes.append(string(source))
        except BadFormat:
            raise ResponseError("Failed loading library payload") from None
    return codes


def _sealed(body: bytes) -> bytes:
    body += VERSION.to_bytes(2, "little")
    return body + crc64(body).to_bytes(8, "little")


def _verify(payload: bytes) -> None:
    version = int.from_bytes(payload[-FOOTER_SIZE:-8], "little")
    checksum = crc64(payload[:-8]).to_bytes(8, "little")
    if len(payload) < FOOTER_SIZE or version > VERSION or checksum != payload[-8:]:
        raise ResponseError(BAD_PAYLOAD)
