"""The library `cmsgpack`: MessagePack with the answers and errors of lua-cmsgpack 0.4.

Its `pack` is in `encoders.lua`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from .arguments import (
    Arguments,
    RaisedMessage,
    integer,
    text,
)
from .cjson import MakeTable

CONSTANTS = {
    "_NAME": b"cmsgpack",
    "_VERSION": b"lua-cmsgpack 0.4.0",
    "_COPYRIGHT": b"Copyright (C) 2012, Salvatore Sanfilippo",
    "_DESCRIPTION": b"MessagePack C implementation for Lua",
}
_MOST_LEVELS = 3998
_MOST_RESULTS = 7900


def packed_float(value: float) -> bytes:
    """A number with a fraction, or too large for an integer: in four bytes if that is exact."""
    try:
        short = struct.pack(">f", value)
    except OverflowError:
        return struct.pack(">Bd", 0xCB, value)
    if struct.unpack(">f", short)[0] == value:
        return b"\xca" + short
    return struct.pack(">Bd", 0xCB, value)


class Unpacking:
    """The functions that make tables."""

    def __init__(self, make_table: MakeTable, make_room: Callable[[int], None]) -> None:
        self._make_table = make_table
        self._make_room = make_room

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "unpack": self.unpack,
            "unpack_one": self.unpack_one,
            "unpack_limit": self.unpack_limit,
        }

    def unpack(self, *args: Any) -> tuple[Any, ...]:
        return self._unpack(args, 0, 0)

    def unpack_one(self, *args: Any) -> tuple[Any, ...]:
        return self._unpack(args, 1, integer(args, 1, 0))

    def unpack_limit(self, *args: Any) -> tuple[Any, ...]:
        return self._unpack(args, integer(args, 1), integer(args, 2, 0))

    def _unpack(self, args: Arguments, limit: int, offset: int) -> tuple[Any, ...]:
        """The values from `offset` on, at most `limit` of them, after the place of the next one, or -1 at the
        end. Without either, all values."""
        data = text(args, 0)
        if offset < 0 or limit < 0:
            raise RaisedMessage(
                f"Invalid request to unpack with offset of {offset} and limit of {len(data)}."
            )
        if offset > len(data):
            raise RaisedMessage(f"Start offset {offset} greater than input length {len(data)}.")
        self._make_room(len(data))
        reader = _Reader(data, offset, self._make_table)
        values: list[Any] = []
        whole = not limit and not offset
        while reader.at < len(data) and (whole or len(values) < limit):
            if len(values) >= _MOST_RESULTS:
                raise RaisedMessage(
                    "stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)"
                )
            values.append(reader.value())
        if whole:
            return tuple(values)
        return (-1 if reader.at == len(data) else reader.at, *values)


class _Level:
    """An array or a map that is being read."""

    __slots__ = ("is_map", "items", "left")

    def __init__(self, is_map: bool, left: int) -> None:
        self.is_map = is_map
        self.left = left
        """How many values are still to come; keys count too."""
        self.items: list[Any] = []


_NUMBERS = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">q",  # as lua-cmsgpack hands it to Lua
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_STRINGS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_CONTAINERS = {0xDC: (False, ">H"), 0xDD: (False, ">I"), 0xDE: (True, ">H"), 0xDF: (True, ">I")}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class _Reader:
    """A walk over packed values."""

    def __init__(self, data: bytes, at: int, make_table: MakeTable) -> None:
        self.at = at
        self._data = data
        self._make_table = make_table

    def value(self) -> Any:
        levels: list[_Level] = []
        while True:
            value = self._one()
            if isinstance(value, _Level):
                if len(levels) >= _MOST_LEVELS:
                    kind = "hash" if value.is_map else "array"
                    raise RaisedMessage(f"stack overflow (in function mp_decode_to_lua_{kind})")
                levels.append(value)
                if value.left:
                    continue
                value = self._table(levels.pop())
            while levels:
                level = levels[-1]
                self._check_key(level, value)
                level.items.append(value)
                level.left -= 1
                if level.left:
                    break
                value = self._table(levels.pop())
            else:
                return value

    @staticmethod
    def _check_key(level: _Level, value: Any) -> None:
        """A pair is put into its table when its value has come, which fails by its key."""
        if level.is_map and level.left % 2:
            key = level.items[-1]
            if key is None or key != key:
                raise RaisedMessage(f"table index is {'nil' if key is None else 'NaN'}", positioned=False)

    def _table(self, level: _Level) -> Any:
        if not level.is_map:
            return self._make_table(level.items)
        keys, values = level.items[::2], level.items[1::2]
        if not any(isinstance(key, bool) for key in keys):
            return self._make_table(dict(zip(keys, values, strict=True)))
        table = self._make_table({})
        for key, value in zip(keys, values, strict=True):  # to Python, True and 1 are the same key
            table[key] = value
        return table

    def _one(self) -> Any:
        """The next value; of an array or a map its beginning."""
        code = self._take(1)[0]
        if code < 0x80:
            return code
        if code >= 0xE0:
            return code - 256
        if code >= 0xC0:
            return self._by_code(code)
        if code >= 0xA0:
            return self._take(code & 31)
        if code >= 0x90:
            return _Level(False, code & 15)
        return _Level(True, 2 * (code & 15))

    def _by_code(self, code: int) -> Any:
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code in _NUMBERS:
            return self._number(_NUMBERS[code])
        if code in _STRINGS:
            return self._take(self._number(_STRINGS[code]))
        if code in _CONTAINERS:
            is_map, form = _CONTAINERS[code]
            count = self._number(form)
            return _Level(is_map, 2 * count if is_map else count)
        raise RaisedMessage("Bad data format in input.")

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._data):
            raise RaisedMessage("Missing bytes in input.")
        piece = self._data[self.at : end]
        self.at = end
        return piece
