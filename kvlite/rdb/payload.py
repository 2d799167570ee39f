"""Whole payloads: an object, or libraries of functions, with their version and checksum."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..errors import BAD_DATA_FORMAT, BAD_PAYLOAD, ResponseError
from ..structs import Collection
from ..structs.limits import Limits
from .crc64 import crc64
from .kinds import EARLY_FUNCTION, FUNCTION
from .reader import length, read, string
from .source import BadFormat, Source
from .writer import write, write_string

VERSION = 10
FOOTER_SIZE = 10

T = TypeVar("T")


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
        kind = source.number(1)
        if kind == FUNCTION:
            codes.append(_part(string, source, "library payload"))
        elif kind == EARLY_FUNCTION:
            codes.append(_early_library(source))
        else:
            raise ResponseError("given type is not a function")
    return codes


def _early_library(source: Source) -> bytes:
    """The code of a library with the line that it lacks. Its texts end at a NUL, as in Redis."""
    name = _part(string, source, "library name")
    engine = _part(string, source, "engine name")
    if _part(length, source, "library description indicator"):
        _part(string, source, "library description")
    texts = engine, name, _part(string, source, "library blob")
    return b"#!%b name=%b\n%b" % tuple(text.partition(b"\0")[0] for text in texts)


def _part(read_it: Callable[[Source], T], source: Source, name: str) -> T:
    try:
        return read_it(source)
    except BadFormat:
        raise ResponseError(f"Failed loading {name}") from None


def _sealed(body: bytes) -> bytes:
    body += VERSION.to_bytes(2, "little")
    return body + crc64(body).to_bytes(8, "little")


def _verify(payload: bytes) -> None:
    version = int.from_bytes(payload[-FOOTER_SIZE:-8], "little")
    checksum = crc64(payload[:-8]).to_bytes(8, "little")
    if len(payload) < FOOTER_SIZE or version > VERSION or checksum != payload[-8:]:
        raise ResponseError(BAD_PAYLOAD)
