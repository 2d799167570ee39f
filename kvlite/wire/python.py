"""Replies to Python values: what a client's parser makes of the bytes, without the bytes.

RESP2 knows no maps, doubles or booleans: they come as the arrays, texts and integers that stand for them.
Sets come as lists, since their members need not be hashable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..numbers import format_double, format_human
from .replies import (
    BigNumber,
    Human,
    Map,
    Members,
    NullArray,
    Pairs,
    Push,
    Replies,
    Reply,
    Status,
    Truth,
    Verbatim,
)


def converter(
    protocol: int, error: Callable[[Exception], Any], decode: Callable[[bytes], Any] | None = None
) -> Callable[[Reply], Any]:
    """A function that makes Python values of replies in RESP2 or RESP3.

    `error` says what becomes of an error, `decode` of a string; without it strings are bytes.
    """

    def convert(reply: Any) -> Any:
        kind = type(reply)
        if kind is bytes:
            return reply if decode is None else decode(reply)
        shape = shapes.get(kind)
        return error(reply) if shape is None else shape(reply)

    def array(items: Any) -> list[Any]:
        if decode is None:
            return [
                item if type(item) is bytes else array(item) if type(item) is list else convert(item)
                for item in items
            ]
        return [decode(item) if type(item) is bytes else convert(item) for item in items]

    def flat(pairs: Any) -> list[Any]:
        return [convert(half) for pair in pairs for half in pair]

    def nothing(reply: Any) -> None:
        return None

    text: Callable[[bytes], Any] = bytes if decode is None else lambda value: decode(bytes(value))
    shapes: dict[type, Callable[[Any], Any]] = {
        int: int,
        bool: int,
        Status: text,
        Verbatim: text,
        list: array,
        tuple: array,
        Members: array,
        Push: array,
        Replies: array,
        type(None): nothing,
        NullArray: nothing,
    }
    if protocol == 2:
        shapes |= {
            Truth: int,
            Pairs: flat,
            dict: lambda pairs: flat(pairs.items()),
            float: lambda number: text(format_double(number)),
            Human: lambda number: text(format_human(number)),
            BigNumber: text,
            Map: flat,
        }
    else:
        shapes |= {
            Truth: bool,
            Pairs: array,
            dict: lambda pairs: {convert(key): convert(value) for key, value in pairs.items()},
            float: float,
            Human: lambda number: float(format_human(number)),
            BigNumber: _big_number,
            Map: lambda pairs: {convert(key): convert(value) for key, value in pairs},
        }
    return convert


def _big_number(digits: bytes) -> int | str:
    try:
        return int(digits)
    except ValueError:  # a script may call any text a number
        return digits.decode(errors="replace")
