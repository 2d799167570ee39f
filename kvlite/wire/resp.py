"""Bytes to requests, and replies to bytes: RESP2 and RESP3, with no sockets.

A request is an array of bulk strings, or a line of words. The limits, and the texts for a request that breaks
the protocol, are Redis's (networking.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..errors import CODE_OF, CODES, RedisError
from ..numbers import format_double, format_human, parse_int
from .replies import (
    BigNumber,
    Human,
    Map,
    Members,
    NoReply,
    NullArray,
    Pairs,
    Push,
    Replies,
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

MANY = 20
"""From so many lines on it is worth looking whether they are alike."""

_COUNT_OF = {b"*%d" % count: count for count in range(1, 65)}
_line_of = {size: b"$%d" % size for size in range(1025)}.get


class ProtocolError(RedisError):
    """The client has broken the protocol; it gets this text, and the connection ends."""


class RequestParser:
    """Bytes in, requests out.

    Requests as clients send them, whole and of ordinary size, are split at their line ends by C, and checked
    a request at a time. Everything else, from where that ends, is read a line and a word at a time. Either
    way each byte is looked at a bounded number of times, however they are cut.
    """

    __slots__ = (
        "_broken",
        "_bulk",
        "_fresh",
        "_held",
        "_missing",
        "_place",
        "_taken",
        "_words",
        "authenticated",
        "max_bulk",
    )

    def __init__(self) -> None:
        self.max_bulk = MAX_BULK
        self.authenticated = True
        """Whoever has not said who he is may send little."""
        self._fresh = b""
        """What was fed while nothing was held, and not looked at yet."""
        self._held = bytearray()
        """What no request was made of; before `_place` it is done with."""
        self._place = 0
        self._words: list[bytes] = []
        """Of a request that has begun."""
        self._missing = 0
        """How many words it lacks."""
        self._bulk: int | None = None
        """How long the next one is, if that has been read."""
        self._taken = 0
        """How many bytes are in `_words`."""
        self._broken: ProtocolError | None = None
        """To be raised when the requests before it have been handed out."""

    @property
    def size(self) -> int:
        """How many bytes are held that no request has been made of."""
        return len(self._fresh) + len(self._held) - self._place + self._taken

    def feed(self, data: bytes) -> None:
        if not self._fresh and not self._held:
            self._fresh = data
            return
        if self._fresh:
            self._held += self._fresh
            self._fresh = b""
        self._held += data

    def requests(self) -> list[list[bytes]]:
        """Requests that are complete, in order: some, or none when the next one takes more bytes.

        ProtocolError when none can follow. A client that has not said who it is gets one at a time.
        """
        if self._broken is not None:
            raise self._broken
        found: list[list[bytes]] = []
        fresh, self._fresh = self._fresh, b""
        try:
            if self._held or self._missing or not self.authenticated:
                self._held += fresh
                request = self._next()
                if request is None:
                    return found
                found.append(request)
                if not self.authenticated:
                    return found
                self._forget()
                fresh = bytes(self._held)
                self._held.clear()
            if fresh:
                self._held += _split(fresh, found)
            while self._held and (request := self._next()) is not None:
                found.append(request)
        except ProtocolError as error:
            if not found:
                raise
            self._broken = error
        return found

    def _next(self) -> list[bytes] | None:
        """The next request in `_held`; None if it is not complete."""
        while (self._missing or self._begin()) and self._collect():
            words, self._words = self._words, []
            self._taken = 0
            if words:
                return words
        self._forget()
        return None

    def _forget(self) -> None:
        if self._place:
            del self._held[: self._place]
            self._place = 0

    def _begin(self) -> bool:
        """Read how many words a request has, or all of one that is a line; False if that is not here yet."""
        while self._place < len(self._held):
            if self._held[self._place] != ord("*"):
                return self._inline()
            line = self._line("mbulk count")
            if line is None:
                return False
            self._missing = max(0, self._count(line))
            if self._missing:
                return True
        return False

    def _collect(self) -> bool:
        """Read the words that are missing; False if they are not all here yet."""
        with memoryview(self._held) as held:
            while self._missing:
                if self._bulk is None:
                    line = self._line("bulk count")
                    if line is None:
                        return False
                    self._bulk = self._length(line)
                end = self._place + self._bulk
                if len(held) < end + 2:
                    return False
                self._words.append(held[self._place : end].tobytes())
                self._taken += self._bulk
                self._place = end + 2  # Whatever the two bytes after a word are, Redis skips them.
                self._missing -= 1
                self._bulk = None
        return True

    def _line(self, what: str) -> bytes | None:
        """The next line, which ends at a CR and a byte that Redis does not look at; None if it has no end."""
        end = self._end_of_line(b"\r", f"{what} string")
        if end < 0 or end + 2 > len(self._held):
            return None
        line = bytes(self._held[self._place : end])
        self._place = end + 2
        return line

    def _end_of_line(self, sign: bytes, what: str) -> int:
        """Where the line ends that begins here; -1 if that is not here yet."""
        end = self._held.find(sign, self._place, self._place + MAX_LINE + 2)
        if end < 0 and len(self._held) - self._place > MAX_LINE:
            raise ProtocolError(f"Protocol error: too big {what}")
        return end

    def _count(self, line: bytes) -> int:
        count = parse_int(line[1:])
        if count is None or count > MAX_WORDS:
            raise ProtocolError("Protocol error: invalid multibulk length")
        if count > MAX_WORDS_UNAUTHENTICATED and not self.authenticated:
            raise ProtocolError("Protocol error: unauthenticated multibulk length")
        return count

    def _length(self, line: bytes) -> int:
        if not line.startswith(b"$"):
            shown = line[:1].replace(b"\0", b"\n").decode("utf-8", "surrogateescape") or "\r"
            raise ProtocolError(f"Protocol error: expected '$', got '{shown}'")
        length = parse_int(line[1:])
        if length is None or not 0 <= length <= self.max_bulk:
            raise ProtocolError("Protocol error: invalid bulk length")
        if length > MAX_BULK_UNAUTHENTICATED and not self.authenticated:
            raise ProtocolError("Protocol error: unauthenticated bulk length")
        return length

    def _inline(self) -> bool:
        """Read a request that is a line of words; False if it has no end."""
        end = self._end_of_line(b"\n", "inline request")
        if end < 0:
            return False
        words = split_words(bytes(self._held[self._place : end]).removesuffix(b"\r"))
        if words is None:
            raise ProtocolError("Protocol error: unbalanced quotes in request")
        self._place = end + 1
        self._words = words
        return True


def _split(data: bytes, found: list[list[bytes]]) -> bytes:
    """Put the requests at the beginning of `data` that are whole and ordinary into `found`; what follows."""
    pieces = data.split(b"\r\n")
    last = len(pieces) - 1
    place = _take_alike(pieces, found) if last > MANY else 0
    while place < last:
        count = _COUNT_OF.get(pieces[place])
        if count is None:
            break
        end = place + 1 + 2 * count
        words = pieces[place + 2 : end : 2]
        if end > last or list(map(_line_of, map(len, words))) != pieces[place + 1 : end : 2]:
            break
        found.append(words)
        place = end
    return b"\r\n".join(pieces[place:])


def _take_alike(pieces: list[bytes], found: list[list[bytes]]) -> int:
    """Put the requests into `found`, if all there are have equally many words, as in most pipelines: then C
    checks them a column at a time. How many pieces that took."""
    count = _COUNT_OF.get(pieces[0], 0)
    width = 2 * count + 1
    end = (len(pieces) - 1) // width * width
    heads = pieces[:end:width]
    if not count or heads.count(pieces[0]) != len(heads):
        return 0
    columns = []
    for place in range(2, width, 2):
        column = pieces[place:end:width]
        if list(map(_line_of, map(len, column))) != pieces[place - 1 : end : width]:
            return 0
        columns.append(column)
    found.extend(map(list, zip(*columns, strict=True)))
    return end


_BLANK = b" \n\r\t\x0b\x0c"
_END_OF_WORD = b" \n\r\t"
_ESCAPES = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t", ord("b"): b"\b", ord("a"): b"\a"}
_is_hex = re.compile(rb"x([0-9a-fA-F]{2})").match
_is_intricate = re.compile(rb"[\"'\0\x0b\x0c]").search


def split_words(line: bytes) -> list[bytes] | None:
    """The words of a line as redis-cli and configuration files write them; None if a quote is not closed.

    A NUL ends the line.

    >>> split_words(rb'set "a b" \\x41')
    [b'set', b'a b', b'\\\\x41']
    """
    if not _is_intricate(line):
        return line.split()
    line = line.partition(b"\0")[0]
    words: list[bytes] = []
    at, end = 0, len(line)
    while True:
        while at < end and line[at] in _BLANK:
            at += 1
        if at == end:
            return words
        word = bytearray()
        while at < end and line[at] not in _END_OF_WORD:
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
            break
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
    sent = getattr(error, "sent", None)
    text = str(error) if sent is None else sent.decode("utf-8", "surrogateescape")
    code = CODE_OF.get(type(error), "ERR")
    if code and (code != "ERR" or text.partition(" ")[0] not in CODES):
        text = f"{code} {text}"
    return text.rstrip("\r\n").replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogateescape")


def error_line(error: Exception) -> bytes:
    return b"-%b\r\n" % error_text(error)


def _bulk(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


def _integer(value: int) -> bytes:
    return b":%d\r\n" % value


def _status(value: bytes) -> bytes:
    return b"+%b\r\n" % value


_SIMPLE: dict[type, Callable[[Any], bytes]] = {bytes: _bulk, int: _integer, Status: _status}
simple_encoder = _SIMPLE.get
"""The encoder for a type of replies that is the same in both protocols; else None."""


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


def _once(push: Push, protocol: int, encode: Callable[[Any], bytes]) -> bytes:
    """The bytes of a message, however many get it."""
    if not hasattr(push, "encoded"):
        push.encoded = {}
    data = push.encoded.get(protocol)
    if data is None:
        data = push.encoded[protocol] = encode(push)
    return data


_RESP2: dict[type, Callable[[Any], bytes]] = {
    int: _integer,
    bool: _integer,
    Truth: _integer,
    Status: _status,
    Verbatim: _bulk,
    list: _array2,
    tuple: _array2,
    Members: _array2,
    Push: lambda push: _once(push, 2, _array2),
    Replies: lambda replies: b"".join(map(encode2, replies)),
    Pairs: _flat2,
    Map: _flat2,
    dict: lambda pairs: _flat2(pairs.items()),
    float: lambda number: _bulk(format_double(number)),
    Human: lambda number: _bulk(format_human(number)),
    BigNumber: _bulk,
    type(None): lambda _: b"$-1\r\n",
    NullArray: lambda _: b"*-1\r\n",
    NoReply: lambda _: b"",
}


def _array3(items: Any) -> bytes:
    return b"*%d\r\n%b" % (len(items), b"".join(map(encode3, items)))


def _set3(items: Any) -> bytes:
    return b"~%d\r\n%b" % (len(items), b"".join(map(encode3, items)))


def _push3(items: Any) -> bytes:
    return b">%d\r\n%b" % (len(items), b"".join(map(encode3, items)))


def _map3(pairs: Any) -> bytes:
    halves = [encode3(half) for pair in pairs for half in pair]
    return b"%%%d\r\n%b" % (len(pairs), b"".join(halves))


_RESP3: dict[type, Callable[[Any], bytes]] = {
    int: _integer,
    bool: _integer,
    Truth: lambda value: b"#t\r\n" if value else b"#f\r\n",
    Status: _status,
    Verbatim: lambda text: b"=%d\r\n%b:%b\r\n" % (len(text) + 4, text.format, text),
    list: _array3,
    tuple: _array3,
    Members: _set3,
    Push: lambda push: _once(push, 3, _push3),
    Replies: lambda replies: b"".join(map(encode3, replies)),
    Pairs: _array3,
    Map: _map3,
    dict: lambda pairs: _map3(pairs.items()),
    float: lambda number: b",%b\r\n" % format_double(number),
    Human: lambda number: b",%b\r\n" % format_human(number),
    BigNumber: lambda digits: b"(%b\r\n" % digits,
    type(None): lambda _: b"_\r\n",
    NullArray: lambda _: b"_\r\n",
    NoReply: lambda _: b"",
}
