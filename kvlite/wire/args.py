"""Reading the arguments of a request. The errors are Redis's."""

from __future__ import annotations

from ..deadlines import Lifetime
from ..encoding import ScanCount, at_least, integer
from ..errors import SYNTAX, ResponseError, wrong_arity
from ..numbers import parse_int

UNITS: dict[bytes, tuple[int, bool]] = {
    b"EX": (1000, False),
    b"PX": (1, False),
    b"EXAT": (1000, True),
    b"PXAT": (1, True),
}
"""The milliseconds in one of the amount, and whether it is a Unix time."""


class Words:
    """A walk over the optional words of a request.

    >>> words = Words([b"set", b"k", b"v", b"ex", b"10"], 3)
    >>> words.next(), words.value(), words.next()
    (b'EX', b'10', None)
    """

    __slots__ = ("_args", "_at")

    def __init__(self, args: list[bytes], start: int) -> None:
        self._args = args
        self._at = start

    def next(self) -> bytes | None:
        """The next word in upper case, or None at the end."""
        if self._at == len(self._args):
            return None
        self._at += 1
        return self._args[self._at - 1].upper()

    def value(self) -> bytes:
        """The argument behind a word as it is; a syntax error if there is none."""
        if self._at == len(self._args):
            raise ResponseError(SYNTAX)
        self._at += 1
        return self._args[self._at - 1]

    def integer(self) -> int:
        """The integer behind a word."""
        return integer(self.value())

    def left(self) -> int:
        """How many arguments have not been read."""
        return len(self._args) - self._at


def pairs_of(args: list[bytes], start: int, name: str) -> list[tuple[bytes, bytes]]:
    """The arguments from `start` on as pairs; Redis's error if one is left over."""
    if (len(args) - start) % 2:
        raise wrong_arity(name)
    return list(zip(args[start::2], args[start + 1 :: 2], strict=True))


def scan_options(args: list[bytes], start: int) -> tuple[bytes | None, ScanCount]:
    """The pattern and the count of HSCAN, SSCAN and ZSCAN, read up to the first that is wrong.

    Redis reads them after it has found the key. So where that is done the count is checked, or the error
    raised that stands in its place.
    """
    match = count = None
    words = Words(args, start)
    while (word := words.next()) is not None:
        if word == b"MATCH" and words.left():
            match = words.value()
        elif word == b"COUNT" and words.left():
            count = words.value()
            number = parse_int(count)
            if number is None or number < 1:
                break
        else:
            return match, syntax_error()
    return match, count


def nonzero(text: bytes, error: str) -> int:
    """An integer that is not 0."""
    number = integer(text)
    if number == 0:
        raise ResponseError(error)
    return number


def shown(text: bytes, length: int | None = None) -> str:
    """What an error shows of an argument: nothing beyond a NUL, or more than `length` bytes."""
    return text.partition(b"\0")[0][:length].decode("utf-8", "surrogateescape")


def syntax_error() -> ResponseError:
    return ResponseError(SYNTAX)


def positive(text: bytes, error: str) -> int:
    """An integer of 1 or more."""
    return at_least(1, text, error)


def in_range(low: int, high: int, text: bytes, error: str) -> int:
    """An integer from `low` to `high`."""
    number = parse_int(text)
    if number is None or not low <= number <= high:
        raise ResponseError(error)
    return number


def lifetime_of(word: bytes, amount: bytes) -> Lifetime:
    """What EX, PX, EXAT or PXAT says."""
    unit, absolute = UNITS[word]
    return Lifetime(amount, unit, absolute)
