"""Replies of commands to values of Lua, and what a script returns to a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import error_of
from ...numbers import format_double, format_human
from ..replies import (
    BigNumber,
    Human,
    Map,
    Members,
    NullArray,
    Pairs,
    Push,
    Reply,
    Status,
    Truth,
    Verbatim,
)
from ..resp import error_text
from .arguments import is_table, to_int64
from .cjson import MakeTable
from .engine import Engine, Outcome
from .running import text_of

MOST_LEVELS = 100
"""How deep a reply may be nested."""


# To Lua


def to_lua(make_table: MakeTable, resp: int) -> Callable[[Any], Any]:
    """A function that makes values of Lua from replies, as a script sees them in RESP2 or RESP3."""

    def convert(reply: Any) -> Any:
        kind = type(reply)
        if kind is bytes or kind is int:
            return reply
        shape = shapes.get(kind)
        return {b"err": error_text(reply)} if shape is None else shape(reply)

    def field(name: bytes) -> Callable[[Any], Any]:
        return lambda value: make_table({name: value})

    def array(items: Any) -> Any:
        return make_table([item if type(item) is bytes else convert(item) for item in items])

    def flat(pairs: Any) -> Any:
        return array([half for pair in pairs for half in pair])

    def status(text: Any) -> Any:
        return make_table({b"ok": bytes(text)})

    shapes: dict[type, Callable[[Any], Any]] = {
        bool: int,
        Status: status,
        list: array,
        tuple: array,
        Push: array,
    }
    if resp == 2:
        shapes |= {
            type(None): lambda _: False,
            NullArray: lambda _: False,
            Truth: int,
            float: format_double,
            Human: format_human,
            BigNumber: bytes,
            Verbatim: bytes,
            Members: array,
            Pairs: flat,
            Map: flat,
            dict: lambda pairs: flat(pairs.items()),
        }
        return convert

    def mapping(pairs: Any) -> Any:
        return make_table({b"map": make_table({convert(key): convert(value) for key, value in pairs})})

    shapes |= {
        type(None): lambda _: None,
        NullArray: lambda _: None,
        Truth: bool,
        float: field(b"double"),
        Human: field(b"double"),
        BigNumber: lambda digits: make_table({b"big_number": bytes(digits)}),
        Verbatim: lambda text: make_table(
            {b"verbatim_string": make_table({b"format": text.format, b"string": bytes(text)})}
        ),
        Members: lambda items: make_table({b"set": make_table({convert(item): True for item in items})}),
        Pairs: array,
        Map: mapping,
        dict: lambda pairs: mapping(pairs.items()),
    }
    return convert


# From Lua


class FromLua:
    """Makes replies of what scripts return; in RESP3 as they asked for by `redis.setresp`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shapes: dict[bytes, Callable[[Outcome, int, int], Reply]] = {
            b"array": self._elements,
            b"ok": lambda outcome, resp, level: Status(_on_one_line(outcome[1])),
            b"err": lambda outcome, resp, level: _error(outcome[1], outcome[2]),
            b"double": lambda outcome, resp, level: float(outcome[1]),
            b"big_number": lambda outcome, resp, level: BigNumber(_on_one_line(outcome[1])),
            b"verbatim": lambda outcome, resp, level: _verbatim(outcome[1], outcome[2]),
            b"map": self._map,
            b"set": lambda outcome, resp, level: Members(self._elements(outcome, resp, level)),
        }

    def __call__(self, outcome: Outcome, resp: int, level: int = 0) -> Reply:
        """The reply for an outcome that is no failure."""
        if is_table(outcome):
            if level == MOST_LEVELS:
                return error_of("ERR reached lua stack limit")
            outcome, level = self._engine.outcome_of(outcome), level + 1
        if type(outcome) is tuple:
            return self._shapes[outcome[0]](outcome, resp, level)
        if type(outcome) is bytes or type(outcome) is int:
            return outcome
        if isinstance(outcome, bool):
            if resp == 3:
                return Truth(outcome)
            return 1 if outcome else None
        return to_int64(outcome) if type(outcome) is float else None

    def _elements(self, outcome: Outcome, resp: int, level: int) -> list[Any]:
        return [
            value if type(value) is bytes else self(value, resp, level)
            for value in self._engine.elements(outcome[1:])
        ]

    def _map(self, outcome: Outcome, resp: int, level: int) -> Reply:
        halves = self._elements(outcome, resp, level)
        return Map(zip(halves[::2], halves[1::2], strict=True))


def _error(text: bytes, counted: Any) -> Reply:
    error = error_of(text_of(text))
    error.counted = counted is True
    return error


def _on_one_line(text: bytes) -> bytes:
    return text.partition(b"\0")[0].translate(_ONE_LINE)


_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def _verbatim(style: bytes, text: bytes) -> Verbatim:
    verbatim = Verbatim(text)
    verbatim.format = style.partition(b"\0")[0][:3].ljust(3)
    return verbatim
