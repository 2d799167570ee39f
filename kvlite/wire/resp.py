"""Bytes to requests, and replies to bytes: RESP2 and RESP3, with no sockets.

A request is an array of bulk strings, or a line of words. The limits, and the texts for a request that breaks
the protocol, are Redis's (networking.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..errors import CODE_OF, CODES, RedisError
from ..numbers import format_double, parse_int
from .replies import (
    BigNumber,
    Members,
    NullArray,
    Pairs,
    Push,
    Reply,
    Status,
    Truth,
    Verbatim,
)

MAX_LINE = 64 * 1024
"""How long a line may be: an inline command, or a length."""
MAX_WORDS = 2**31 - 1
MAX_BULK = 512 * 1024 * 1024
MAX_WORDS_UNAUTHENTICATED = 10
MAX_BULK_UNAUTHENTICATED = 16384

_COUNTS = {b"*%d" % count: count for count in range(1, 65)}
_SIZES = {b"$%d" % size: size for size in range(1025)}


class ProtocolError(RedisError):
    """The client has broken the protocol; it gets this text, and the connection ends."""


class RequestParser:
    """Bytes in, requests out.

    What has been fed is split at its line ends once, by C; a request is then a walk over the pieces. A value
    that holds line ends itself is put together again.
    """

    __slots__ = (
        "_chunks",
        "_missing",
        "_pieces",
        "_place",
        "_wanted",
        "_words",
        "authenticated",
        "max_bulk",
        "size",
    )

    def __init__(self) -> None:
        self.max_bulk = MAX_BULK
        self.authenticated = True
        """Whoever has not said who he is may send little."""
        self.size = 0
        """How many bytes are held that no request has been made of, about."""
        self._pieces: list[bytes] = [b""]
        """The last one is not known to be ended."""
        self._place = 0
        self._chunks: list[bytes] = []
        """What has come since, and is not needed before there are `_wanted` bytes of it."""
        self._wanted = 0
        self._words: list[bytes] = []
        """Of a request that has begun."""
        self._missing = 0

    def feed(self, data: bytes) -> None:
        self._chunks.append(data)
        self.size += len(data)

    def next(self) -> list[bytes] | None:
        """The next request, or None until more has been fed. ProtocolError when none can follow."""
        while True:
            if self._missing == 0 and not self._begin():
                return None
            if not self._collect():
                return None
            words, self._words = self._words, []
            if words:
                return words

    def _begin(self) -> bool:
        """Read how many words the next request has; False if that is not here yet."""
        while True:
            place, pieces = self._place, self._pieces
            line = pieces[place]
            if place + 1 < len(pieces):
                count = _COUNTS.get(line)
                if count is None or not self.authenticated:
                    if not line.startswith(b"*"):
                        return self._inline()
                    count = self._count(line)
                self._place = place + 1
                if count > 0:
                    self._missing = count
                    return True
            elif line and not line.startswith(b"*"):
                return self._inline()
            elif len(line) > MAX_LINE:
                raise ProtocolError("Protocol error: too big mbulk count string")
            elif not self._refill():
                return False

    def _count(self, line: bytes) -> int:
        count = parse_int(line[1:])
        if count is None or count > MAX_WORDS:
            raise ProtocolError("Protocol error: invalid multibulk length")
        if count > MAX_WORDS_UNAUTHENTICATED and not self.authenticated:
            raise ProtocolError("Protocol error: unauthenticated multibulk length")
        return count

    def _collect(self) -> bool:
        """Read the words that are missing; False if they are not all here yet."""
        words, pieces, place, missing = self._words, self._pieces, self._place, self._missing
        last = len(pieces) - 1
        plain = self.authenticated
        while missing:
            if place >= last:
                self._place, self._missing = place, missing
                if len(pieces[place]) > MAX_LINE:
                    raise ProtocolError("Protocol error: too big bulk count string")
                if not self._refill():
                    return False
                pieces, place = self._pieces, self._place
                last = len(pieces) - 1
                continue
            size = _SIZES.get(pieces[place])
            if size is None or not plain:
                size = self._size(pieces[place])
            word = pieces[place + 1]
            if len(word) == size and place + 1 < last:
                words.append(word)
                place += 2
                missing -= 1
                continue
            self._place, self._missing = place, missing
            whole = self._whole(size)
            if whole is None:
                return False
            words.append(whole)
            missing -= 1
            pieces, place = self._pieces, self._place
            last = len(pieces) - 1
        self._place, self._missing = place, 0
        return True

    def _size(self, line: bytes) -> int:
        if not line.startswith(b"$"):
            raise ProtocolError(f"Protocol error: expected '$', got '{_shown(line)}'")
        size = parse_int(line[1:])
        if size is None or not 0 <= size <= self.max_bulk:
            raise ProtocolError("Protocol error: invalid bulk length")
        if size > MAX_BULK_UNAUTHENTICATED and not self.authenticated:
            raise ProtocolError("Protocol error: unauthenticated bulk length")
        return size

    def _whole(self, size: int) -> bytes | None:
        """The word of `size` bytes behind the length at the present place, which is not just one piece."""
        while True:
            pieces, start = self._pieces, self._place + 1
            end, last = start, len(pieces) - 1
            length = len(pieces[start])
            while length < size and end < last:
                end += 1
                length += 2 + len(pieces[end])
            if length == size and end < last:
                self._place = end + 1
                return b"\r\n".join(pieces[start : end + 1])
            if length >= size + 2:  # Whatever the two bytes after a word are, Redis skips them.
                rest = b"\r\n".join(pieces[start:])
                self._pieces, self._place = rest[size + 2 :].split(b"\r\n"), 0
                return rest[:size]
            if not self._refill(size + 2 - length):
                return None

    def _refill(self, wanted: int = 1) -> bool:
        """Split what was fed, if it is `wanted` bytes or more; whether that was so."""
        if self._wanted:
            wanted, self._wanted = self._wanted, 0
        if sum(map(len, self._chunks)) < wanted:
            self._wanted = wanted
            return False
        pieces = self._pieces[self._place :]
        data = b"".join([pieces[-1], *self._chunks])
        self._chunks.clear()
        self._pieces = pieces[:-1] + data.split(b"\r\n")
        self._place = 0
        self.size = len(data)
        return True

    def _inline(self) -> bool:
        """Read a request that is a line of words."""
        while True:
            rest = b"\r\n".join(self._pieces[self._place :])
            line, end, rest = rest.partition(b"\n")
            if end:
                break
            if len(line) > MAX_LINE:
                raise ProtocolError("Protocol error: too big inline request")
            if not self._refill():
                return False
        self._pieces, self._place = rest.split(b"\r\n"), 0
        words = split_words(line.removesuffix(b"\r"))
        if words is None:
            raise ProtocolError("Protocol error: unbalanced quotes in request")
        self._words = words
        return True


def _shown(line: bytes) -> str:
    return chr(line[0]) if line else "\r"


_BLANK = b" \n\r\t\0\x0b\x0c"
_ESCAPES = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t", ord("b"): b"\b", ord("a"): b"\a"}
_is_hex = re.compile(rb"x([0-9a-fA-F]{2})").match


def split_words(line: bytes) -> list[bytes] | None:
    """The words of a line as redis-cli and configuration files write them; None if a quote is not closed.

    >>> split_words(rb'set "a b" \\x41')
    [b'set', b'a b', b'\\\\x41']
    """
    words: list[bytes] = []
    at, end = 0, len(line)
    while True:
        while at < end and line[at] in _BLANK:
            at += 1
        if at == end:
            return words
        word = bytearray()
        while at < end and line[at] not in _BLANK:
            if line[at] not in b"\"'":
                word.append(line[at])
                at += 1
                continue
            closed = _quoted(line, at, word)
            if closed is None:
                return None
            at = closed
            if at < end and line[at] not in _BLANK:
                return None
        words.append(bytes(word))


def _quoted(line: bytes, at: int, word: bytearray) -> int | None:
    """Read a quoted part that begins at `at` into `word`; the place behind it, or None if it has no end."""
    quote = line[at]
    at += 1
    while at < len(line):
        byte = line[at]
        if byte == quote:
            return at + 1
        if byte == ord("\\") and at + 1 < len(line):
            follows = line[at + 1]
            if quote == ord("'"):
                escaped = b"'" if follows == quote else None
            elif digits := _is_hex(line, at + 1):
                word.append(int(digits[1], 16))
                at += 4
                continue
            else:
                escaped = _ESCAPES.get(follows, bytes([follows]))
            if escaped is not None:
                word += escaped
                at += 2
                continue
        word.append(byte)
        at += 1
    return None


_NAMED = {byte: b"\\%c" % letter for letter, escaped in _ESCAPES.items() for byte in escaped}
_NAMED |= {ord('"'): b'\\"', ord("\\"): b"\\\\"}
_SHOWN = [_NAMED.get(each, bytes([each]) if 32 <= each < 127 else b"\\x%02x" % each) for each in range(256)]


def quoted(word: bytes) -> bytes:
    """`word` in double quotes, as `split_words` reads it: one line of printable ASCII.

    >>> quoted(b"a b" + bytes([0]))
    b'"a b\\\\x00"'
    """
    return b'"%b"' % b"".join([_SHOWN[each] for each in word])


# Replies


def error_text(error: Exception) -> bytes:
    """The error as the wire has it: its code, then its text, on one line."""
    text = str(error)
    code = CODE_OF.get(type(error), "ERR")
    if code and (code != "ERR" or text.partition(" ")[0] not in CODES):
        text = f"{code} {text}"
    return text.replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogateescape")


def error_line(error: Exception) -> bytes:
    return b"-%b\r\n" % error_text(error)


def _bulk(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


def _integer(value: int) -> bytes:
    return b":%d\r\n" % value


def _status(value: bytes) -> bytes:
    return b"+%b\r\n" % value


def encode2(reply: Any) -> bytes:
    """A reply in RESP2."""
    kind = type(reply)
    if kind is bytes:
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    encoder = _RESP2.get(kind)
    return encoder(reply) if encoder is not None else error_line(reply)


def encode3(reply: Any) -> bytes:
    """A reply in RESP3."""
    kind = type(reply)
    if kind is bytes:
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    encoder = _RESP3.get(kind)
    return encoder(reply) if encoder is not None else error_line(reply)


def encoder_of(protocol: int) -> Callable[[Reply], bytes]:
    return encode3 if protocol == 3 else encode2


def _array2(items: Any) -> bytes:
    return b"*%d\r\n%b" % (len(items), b"".join(map(encode2, items)))


def _flat2(pairs: Any) -> bytes:
    return b"*%d\r\n%b" % (2 * len(pairs), b"".join([encode2(half) for pair in pairs for half in pair]))


_RESP2: dict[type, Callable[[Any], bytes]] = {
    int: _integer,
    bool: _integer,
    Truth: _integer,
    Status: _status,
    Verbatim: _bulk,
    list: _array2,
    tuple: _array2,
    Members: _array2,
    Push: _array2,
    Pairs: _flat2,
    dict: lambda pairs: _flat2(pairs.items()),
    float: lambda number: _bulk(format_double(number)),
    BigNumber: lambda number: _bulk(b"%d" % number),
    type(None): lambda _: b"$-1\r\n",
    NullArray: lambda _: b"*-1\r\n",
}


def _array3(items: Any) -> bytes:
    return b"*%d\r\n%b" % (len(items), b"".join(map(encode3, items)))


def _set3(items: Any) -> bytes:
    return b"~%d\r\n%b" % (len(items), b"".join(map(encode3, items)))


def _push3(items: Any) -> bytes:
    return b">%d\r\n%b" % (len(items), b"".join(map(encode3, items)))


def _map3(pairs: dict[Any, Any]) -> bytes:
    halves = [encode3(half) for pair in pairs.items() for half in pair]
    return b"%%%d\r\n%b" % (len(pairs), b"".join(halves))


_RESP3: dict[type, Callable[[Any], bytes]] = {
    int: _integer,
    bool: _integer,
    Truth: lambda value: b"#t\r\n" if value else b"#f\r\n",
    Status: _status,
    Verbatim: lambda text: b"=%d\r\ntxt:%b\r\n" % (len(text) + 4, text),
    list: _array3,
    tuple: _array3,
    Members: _set3,
    Push: _push3,
    Pairs: _array3,
    dict: _map3,
    float: lambda number: b",%b\r\n" % format_double(number),
    BigNumber: lambda number: b"(%d\r\n" % number,
    type(None): lambda _: b"_\r\n",
    NullArray: lambda _: b"_\r\n",
}
