"""Arguments of functions that Lua calls, as Lua's own C functions check them, and the errors they raise.

What comes from Lua is bytes, int (a number without a fraction), float, bool, None, or an object of lupa's.
Places are counted from 0 here, and from 1 in the errors.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Any

from ...numbers import format_double


class LuaRaised(Exception):
    """Raised by a function that Lua has called, to become an error of the script."""


class RaisedReply(LuaRaised):
    """The error is a table, as Redis raises it for a command: `text` begins with its code.

    If it is `counted`, INFO has been told of it, and is not to be told again.
    """

    def __init__(self, text: bytes, counted: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.counted = counted


class RaisedMessage(LuaRaised):
    """The error is a text, before which stands the line of the script if it is `positioned`."""

    def __init__(self, text: bytes | str, positioned: bool = True) -> None:
        super().__init__(text)
        self.text = text if isinstance(text, bytes) else text.encode()
        self.positioned = positioned


class BadArgument(LuaRaised):
    """An argument is not what it must be."""

    def __init__(self, place: int, text: bytes | str) -> None:
        super().__init__(place, text)
        self.place = place
        self.text = text if isinstance(text, bytes) else text.encode()


class Null:
    """cjson.null, which Lua sees as an opaque value."""

    __slots__ = ()


NULL = Null()

Arguments = tuple[Any, ...]


def type_of(value: Any) -> str:
    """The name that Lua has for the type of `value`."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, bytes):
        return "string"
    if value is NULL:
        return "userdata"
    return _NAMES.get(type(value).__name__, "function" if callable(value) else "userdata")


_NAMES = {"_LuaTable": "table", "_LuaThread": "thread", "_LuaFunction": "function"}


def is_table(value: Any) -> bool:
    return type(value).__name__ == "_LuaTable"


def found(args: Arguments, place: int) -> str:
    """What is at a place, as errors name it."""
    return type_of(args[place]) if place < len(args) else "no value"


def unexpected(args: Arguments, place: int, expected: str) -> BadArgument:
    return BadArgument(place, f"{expected} expected, got {found(args, place)}")


def text(args: Arguments, place: int) -> bytes:
    """A string, or a number as Lua writes it."""
    if place < len(args):
        value = args[place]
        if type(value) is bytes:
            return value
        if type(value) in (int, float):
            return number_text(value)
    raise unexpected(args, place, "string")


def number(args: Arguments, place: int) -> int | float:
    """A number, or a string that says one."""
    if place < len(args):
        value = args[place]
        if type(value) in (int, float):
            return value  # type: ignore[no-any-return]
        if type(value) is bytes and (said := parse_number(value)) is not None:
            return said
    raise unexpected(args, place, "number")


def integer(args: Arguments, place: int, default: int | None = None) -> int:
    """An int of C, 32 bits, as it casts a number."""
    if default is not None and (place >= len(args) or args[place] is None):
        return default
    return signed(to_int64(number(args, place)), 32)


def number_text(value: int | float, digits: int = 14) -> bytes:
    """A number with so many significant digits, as C's `%.14g` writes it."""
    if value != value:
        return format_double(value)
    return b"%.*g" % (digits, value)


def signed(value: int, bits: int) -> int:
    """The lowest `bits` of `value` as a signed number."""
    half = 1 << bits - 1
    return (value + half) % (half * 2) - half


def to_int64(value: int | float) -> int:
    """What a cast from double to long long gives on x86-64: whatever does not fit is INT64_MIN."""
    if type(value) is int:
        return value
    if value != value or not -(2.0**63) <= value < 2.0**63:
        return -(2**63)
    return int(value)


_is_number = re.compile(
    rb"[ \t\n\v\f\r]*([+-]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    rb"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]))[ \t\n\v\f\r]*"
).fullmatch


def parse_number(value: bytes) -> float | None:
    """The number that a text says to Lua, or None."""
    matched = _is_number(value)
    if matched is None:
        return None
    digits = matched[1]
    if b"x" in digits or b"X" in digits:
        return float(int(digits, 16))
    return float(digits)


def float_bits(value: int | float) -> int:
    """The 64 bits of a double."""
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return bits


def is_negative(value: float) -> bool:
    """Whether the sign is set, be it that of a NaN."""
    return math.copysign(1.0, value) < 0
