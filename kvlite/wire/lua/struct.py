"""The library `struct`: values to bytes and back, by a format."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from .arguments import BadArgument, RaisedMessage, integer, number, signed, text, to_int64

_SIZES = {"b": 1, "B": 1, "h": 2, "H": 2, "l": 8, "L": 8, "T": 8, "f": 4, "d": 8, "x": 1}
_INTEGERS = "bBhHlLTiI"
_ORDERS = {"little": "<", "big": ">"}
_MAX_ALIGNMENT = 8
_MAX_INTEGER = 32
_MAX_INT = 2**31 - 1
_MOST_VALUES = 7900
"""What Lua's stack has room for."""


class _Option(NamedTuple):
    letter: str
    size: int
    padding: int
    """Bytes before it, which put it where its alignment wants it."""
    byteorder: Any


class _Format:
    """A walk over the options of a format."""

    def __init__(self, form: bytes) -> None:
        self._form = form.partition(b"\0")[0].decode("latin-1")
        self._at = 0
        self._byteorder = "little"
        self._alignment = 1

    def next(self, place: int) -> _Option | None:
        """The next option, if there is one; `place` bytes are before what it stands for."""
        if self._at == len(self._form):
            return None
        letter = self._form[self._at]
        self._at += 1
        size = self._size_of(letter)
        return _Option(letter, size, self._padding(letter, size, place), self._byteorder)

    def _number(self, default: int) -> int:
        """The digits that follow, or `default`."""
        start = self._at
        while self._at < len(self._form) and self._form[self._at] in "0123456789":
            self._at += 1
        if start == self._at:
            return default
        value = int(self._form[start : self._at])
        if value > _MAX_INT:
            raise RaisedMessage("integral size overflow")
        return value

    def _size_of(self, letter: str) -> int:
        if letter in "iI":
            size = self._number(4)
            if size > _MAX_INTEGER:
                raise RaisedMessage(f"integral size {size} is larger than limit of {_MAX_INTEGER}")
            return size
        if letter == "c":
            return self._number(1)
        return _SIZES.get(letter, 0)

    def _padding(self, letter: str, size: int, place: int) -> int:
        if size == 0 or letter in "cx":
            return 0
        alignment = min(size, self._alignment)
        if alignment <= 1:
            return 0
        return (alignment - (place & (alignment - 1))) & (alignment - 1)

    def control(self, letter: str) -> None:
        """Take an option that stands for no bytes but says how the others are to be taken; an error for one
        that there is not."""
        if letter in "<>":
            self._byteorder = "little" if letter == "<" else "big"
        elif letter == "!":
            alignment = self._number(_MAX_ALIGNMENT)
            if alignment == 0 or alignment & (alignment - 1):
                raise RaisedMessage(f"alignment {alignment} is not a power of 2")
            self._alignment = alignment
        elif letter != " ":
            raise BadArgument(0, b"invalid format option '%b'" % letter.encode("latin-1"))


def _to_uint64(value: int | float) -> int:
    """What C makes of a double where 64 bits without a sign are wanted, by way of a signed number."""
    if value < 0:
        return to_int64(value) & 0xFFFFFFFFFFFFFFFF
    if value != value:
        return 1 << 63
    return 0 if value >= 2.0**64 else int(value)


def _integer_bytes(value: int | float, size: int, byteorder: Any) -> bytes:
    whole = _to_uint64(value) & ((1 << 8 * size) - 1)
    return whole.to_bytes(size, byteorder)


def _float_bytes(value: int | float, option: _Option) -> bytes:
    form = _ORDERS[option.byteorder] + option.letter
    try:
        return struct.pack(form, value)
    except OverflowError:
        return struct.pack(form, float("-inf" if value < 0 else "inf"))


def pack(*args: Any) -> bytes:
    out = bytearray()
    given = [*args, None]  # behind the last argument Lua finds the mark of its buffer
    at = 1
    form = _Format(text(args, 0))
    while (option := form.next(len(out))) is not None:
        letter = option.letter
        out += bytes(option.padding)
        if letter == "x":
            out.append(0)
            continue
        values: tuple[Any, ...] = tuple(given)
        if letter in _INTEGERS:
            out += _integer_bytes(number(values, at), option.size, option.byteorder)
        elif letter in "fd":
            out += _float_bytes(number(values, at), option)
        elif letter in "cs":
            value = text(values, at)
            size = option.size or len(value)
            if len(value) < size:
                raise BadArgument(at + 1, "string too short")
            out += value + b"\0" if letter == "s" else value[:size]
        else:
            form.control(letter)
            continue
        at += 1
    return bytes(out)


def unpack(*args: Any) -> tuple[Any, ...]:
    """The values, and the place behind them."""
    form, data = _Format(text(args, 0)), text(args, 1)
    position = integer(args, 2, 1) - 1
    if position < 0:
        if position == -1:
            raise BadArgument(2, "offset must be 1 or greater")
        raise BadArgument(1, "data string too short")
    values: list[Any] = []
    while (option := form.next(position)) is not None:
        position += option.padding
        _check_room(data, position, option.size)
        position += _unpack_one(form, option, data, position, values)
        if len(values) > _MOST_VALUES:
            raise RaisedMessage("stack overflow (too many results)")
    return (*values, position + 1)


def _check_room(data: bytes, position: int, size: int) -> None:
    if position + size > len(data):
        raise BadArgument(1, "data string too short")


def _unpack_one(form: _Format, option: _Option, data: bytes, position: int, values: list[Any]) -> int:
    """Take what an option stands for, and put the value behind the others; how many bytes it took."""
    letter, size = option.letter, option.size
    piece = data[position : position + size]
    if letter in _INTEGERS:
        values.append(_integer_of(piece, option))
    elif letter in "fd":
        values.append(struct.unpack(_ORDERS[option.byteorder] + letter, piece)[0])
    elif letter == "c":
        if size == 0:
            size = _announced(values)
            _check_room(data, position, size)
        values.append(data[position : position + size])
    elif letter == "s":
        end = data.find(b"\0", position)
        if end < 0:
            raise RaisedMessage("unfinished string in data")
        values.append(data[position:end])
        return end + 1 - position
    elif letter != "x":
        form.control(letter)
    return size


def _integer_of(piece: bytes, option: _Option) -> int | float:
    whole = int.from_bytes(piece, option.byteorder) & 0xFFFFFFFFFFFFFFFF
    if option.letter in "BHLTI":
        return float(whole)
    if option.size == 0:
        return 0
    sign = 1 << (8 * option.size - 1) % 64
    mask = -sign if whole & sign else 0
    return signed(whole | mask, 64)


def _announced(values: list[Any]) -> int:
    """The value before, which says how long a string is."""
    if not values or type(values[-1]) not in (int, float):
        raise RaisedMessage("format 'c0' needs a previous size")
    return _to_uint64(values.pop())


def size(*args: Any) -> int:
    total = 0
    form = _Format(text(args, 0))
    while (option := form.next(total)) is not None:
        total += option.padding
        if option.letter == "s" or (option.letter == "c" and option.size == 0):
            which = "s" if option.letter == "s" else "c0"
            raise BadArgument(0, f"option '{which}' has no fixed size")
        total += option.size
        if not option.letter.isalnum():
            form.control(option.letter)
    return total


FUNCTIONS: dict[str, Callable[..., Any]] = {"pack": pack, "unpack": unpack, "size": size}
