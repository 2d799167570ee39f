"""Lua's `math.random`, drawn as Redis draws: by lrand48, whose numbers are the same everywhere."""

from __future__ import annotations

import math
from typing import Any

from .arguments import BadArgument, RaisedMessage, integer, signed

_FIRST_STATE = 0x1234ABCD330E
_LARGEST = 2**31 - 1


class Random:
    """The numbers of one Lua. They go on from script to script."""

    def __init__(self) -> None:
        self._state = _FIRST_STATE

    def _next(self) -> int:
        self._state = (self._state * 0x5DEECE66D + 0xB) & 0xFFFFFFFFFFFF
        return self._state >> 17

    def random(self, *args: Any) -> int | float:
        """A fraction below 1; an integer from 1 to the argument, or between two of them."""
        fraction = self._next() % _LARGEST / _LARGEST
        if not args:
            return fraction
        if len(args) == 1:
            low, high = 1, integer(args, 0)
        elif len(args) == 2:
            low, high = integer(args, 0), integer(args, 1)
        else:
            raise RaisedMessage("wrong number of arguments")
        if low > high:
            raise BadArgument(len(args) - 1, "interval is empty")
        return math.floor(fraction * signed(high - low + 1, 32)) + low

    def randomseed(self, *args: Any) -> None:
        self._state = (integer(args, 0) & 0xFFFFFFFF) << 16 | 0x330E
