"""Reading bytes from front to end."""

from __future__ import annotations

from typing import Literal


class BadFormat(ValueError):
    """The bytes are no value that Redis would have written."""


class Source:
    """Bytes and the place from which to read on.

    >>> source = Source(b"\\x01\\x02rest")
    >>> source.number(2), source.take(4), source.left
    (513, b'rest', 0)
    """

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    @property
    def left(self) -> int:
        """How many bytes there are to come."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next `count` bytes; BadFormat if there are fewer. O(count)."""
        taken = self.data[self.at : self.at + count]
        if len(taken) != count:
            raise BadFormat(f"{count} bytes announced where {len(taken)} are left")
        self.at += count
        return taken

    def number(self, size: int, order: Literal["little", "big"] = "little", signed: bool = False) -> int:
        """The number that the next `size` bytes say."""
        return int.from_bytes(self.take(size), order, signed=signed)
