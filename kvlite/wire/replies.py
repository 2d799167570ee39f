"""What a command answers, before it is bytes: Python's own types, and a few where RESP2 and RESP3 differ.

bytes       bulk string              list, tuple   array
int, bool   integer                  dict          map; in RESP2 an array of keys and values in turn
None        null                     float         double; in RESP2 a bulk string
Status      simple string            an Exception  error
"""

from __future__ import annotations

from typing import Any, TypeAlias


class Status(bytes):
    """A simple string, such as OK."""

    __slots__ = ()


class Pairs(list[tuple[Any, Any]]):
    """An array of pairs; in RESP2 one flat array of their halves in turn."""

    __slots__ = ()


class Members(list[Any]):
    """A set; in RESP2 an array."""

    __slots__ = ()


class Push(list[Any]):
    """A message that nobody asked for; in RESP2 an array. Many may get the same one: it never changes."""

    __slots__ = ("encoded",)

    encoded: dict[int, bytes]
    """Its bytes by protocol, as far as they have been needed."""


class Map(list[tuple[Any, Any]]):
    """A map as its pairs, whose keys may be anything, even twice; in RESP2 one flat array."""

    __slots__ = ()


class Replies(list[Any]):
    """Several replies to one request, one after the other, with nothing around them."""

    __slots__ = ()


class Verbatim(bytes):
    """A text to be shown as it is; in RESP2 a bulk string."""

    format = b"txt"


class Truth(int):
    """A boolean; in RESP2 an integer."""

    __slots__ = ()


class BigNumber(bytes):
    """An integer of any size, by its digits; in RESP2 a bulk string."""

    __slots__ = ()


class Human(float):
    """A double that is shown with up to 17 decimals and no exponent; in RESP2 a bulk string."""

    __slots__ = ()


class NullArray:
    """A null where an array was expected; in RESP3 the only null there is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NULL_ARRAY"


class NoReply:
    """Nothing is answered, because the command has answered already or never will."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NO_REPLY"


class Parked:
    """The answer comes later: the session waits for something."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PARKED"


OK = Status(b"OK")
QUEUED = Status(b"QUEUED")
NULL_ARRAY = NullArray()
NO_REPLY = NoReply()
PARKED = Parked()

Reply: TypeAlias = (
    bytes
    | int
    | float
    | list[Any]
    | tuple[Any, ...]
    | dict[Any, Any]
    | NullArray
    | NoReply
    | Parked
    | Exception
    | None
)
