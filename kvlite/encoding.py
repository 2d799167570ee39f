"""Python values to the bytes Redis would get from redis-py, and replies back to Python."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from .errors import (
    COUNT_NOT_POSITIVE,
    INVALID_CURSOR,
    NOT_AN_INTEGER,
    NUMKEYS_NOT_POSITIVE,
    SYNTAX,
    DataError,
    ResponseError,
)
from .numbers import parse_int

Encodable: TypeAlias = bytes | bytearray | memoryview | str | int | float
Expiry: TypeAlias = int | timedelta
AbsoluteExpiry: TypeAlias = int | datetime
PathLike: TypeAlias = str | os.PathLike[str]

_is_cursor = re.compile(rb"[+-]?0*([0-9]{1,20})").fullmatch


def encode(value: Encodable) -> bytes:
    """The bytes redis-py sends for `value`: UTF-8 for str, repr() for int and float.

    Anything else, bool and None included, is a DataError.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        raise DataError("Invalid input of type: 'bool'. Convert to a bytes, string, int or float first.")
    if isinstance(value, (int, float)):
        return repr(value).encode()
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise DataError(
        f"Invalid input of type: '{type(value).__name__}'. Convert to a bytes, string, int or float first."
    )


def encode_all(values: Iterable[Encodable]) -> list[bytes]:
    return [
        value
        if type(value) is bytes
        else value.encode()
        if type(value) is str
        else b"%d" % value
        if type(value) is int
        else encode(value)
        for value in values
    ]


def keys_of(keys: Encodable | Iterable[Encodable], more: Iterable[Encodable] = ()) -> list[bytes]:
    """One key or many, as redis-py takes them: `mget("a", "b")` or `mget(["a", "b"])`."""
    if isinstance(keys, (bytes, str, bytearray, memoryview, int, float)):
        return [encode(keys), *map(encode, more)]
    try:
        several = iter(keys)
    except TypeError:
        return [encode(keys), *map(encode, more)]  # type: ignore[arg-type]  # encode says what is wrong
    return [*map(encode, several), *map(encode, more)]


def integer(value: Encodable, error: str = NOT_AN_INTEGER) -> int:
    """A signed 64-bit integer argument, in any form whose text Redis would accept."""
    if type(value) is int and -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return value
    number = parse_int(encode(value))
    if number is None:
        raise ResponseError(error)
    return number


def scan_cursor(value: Encodable) -> int:
    """The cursor of a scan: what C's strtoul reads to the end, so a sign is allowed and no text is 0."""
    if type(value) is int and 0 <= value <= 0xFFFFFFFFFFFFFFFF:
        return value
    text = encode(value).partition(b"\0")[0]
    if not text:
        return 0
    digits = _is_cursor(text)
    number = int(digits[1]) if digits else 1 << 64
    if number >= 1 << 64:
        raise ResponseError(INVALID_CURSOR)
    return -number % (1 << 64) if text.startswith(b"-") else number


ScanCount: TypeAlias = bytes | ResponseError | None
"""The COUNT of a scan as it was given, or what is wrong with the options of the scan."""


def scan_count(value: ScanCount) -> int:
    """How many to look at: 10 where nothing is said. An error is raised."""
    if isinstance(value, ResponseError):
        raise value
    count = 10 if value is None else integer(value)
    if count < 1:
        raise ResponseError(SYNTAX)
    return count


def at_least(least: int, text: bytes, error: str) -> int:
    number = parse_int(text)
    if number is None or number < least:
        raise ResponseError(error)
    return number


def pop_arguments(words: list[bytes], ends: tuple[bytes, bytes]) -> tuple[list[bytes], bytes, int]:
    """The keys, the end and the count of LMPOP's and ZMPOP's `numkeys key ... END [COUNT count]`.

    `words` are at least two, and `ends` in upper case.
    """
    number = at_least(1, words[0], NUMKEYS_NOT_POSITIVE)
    if number + 1 >= len(words):
        raise ResponseError(SYNTAX)
    end, count, options = words[number + 1].upper(), 1, words[number + 2 :]
    if end not in ends:
        raise ResponseError(SYNTAX)
    if options:
        if len(options) < 2 or options[0].upper() != b"COUNT":
            raise ResponseError(SYNTAX)
        count = at_least(1, options[1], COUNT_NOT_POSITIVE)
        if len(options) > 2:
            raise ResponseError(SYNTAX)
    return words[1 : number + 1], end, count
