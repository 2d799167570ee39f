"""Bytes to requests and replies to bytes, as redis-server and redis-py have it."""

from __future__ import annotations

import random
import re
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from oracle import Oracle
from raw import Socket, Wire, request

from kvlite import ResponseError, Store
from kvlite.wire.replies import (
    NULL_ARRAY,
    OK,
    BigNumber,
    Human,
    Members,
    Pairs,
    Push,
    Status,
    Truth,
    Verbatim,
)
from kvlite.wire.resp import MAX_LINE, ProtocolError, RequestParser, encode2, encode3, quoted, split_words

TAIL = request("ECHO", "tail")


def requests_in(parser: RequestParser) -> list[list[bytes]]:
    """All requests that are complete."""
    found = []
    while requests := parser.requests():
        found += requests
    return found


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    ends = sorted({place for place in places if 0 < place < len(data)} | {len(data)})
    begin = 0
    for end in ends:
        yield data[begin:end]
        begin = end


# --- what is said, against the oracle ---------------------------------------------------------------------

Feed = Callable[[bytes], list[bytes]]
FEEDS: dict[str, Feed] = {
    "whole": lambda data: [data],
    "byte by byte": lambda data: [data[at : at + 1] for at in range(len(data))],
    "in halves": lambda data: [data[: len(data) // 2], data[len(data) // 2 :]],
}


def any_number(reply: bytes) -> bytes:
    """With no number of a client in it."""
    return re.sub(rb"\r\nid\r\n:\d+", b"", reply)


class Both:
    """Sends bytes to the oracle and, in every manner, to kvlite: each on a connection of its own."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.settings: list[tuple[str, ...]] = []

    def set(self, *words: str) -> None:
        """CONFIG SET on both."""
        with Socket(self.oracle.address) as control:
            assert control.ask("CONFIG", "SET", *words) == b"+OK\r\n"
        self.settings.append(words)

    def say(self, data: bytes, small: bool = True) -> bytes:
        """The same answer to `data` and nothing after it from both; `small` enough to be sent in bits."""
        self.oracle.calls += 1
        with Socket(self.oracle.address) as socket:
            socket.send(data)
            socket.end()
            theirs = any_number(socket.rest())
        for name, feed in FEEDS.items():
            if small or name != "byte by byte":
                own = any_number(self._own(feed(data)))
                assert own == theirs, f"{data[:100]!r} {name}:\n  redis:  {theirs!r}\n  kvlite: {own!r}"
        return theirs

    def _own(self, parts: list[bytes]) -> bytes:
        wire = Wire(Store())
        for words in self.settings:
            wire.ask("CONFIG", "SET", *words)
        if self.settings:
            wire = Wire(wire.store)
        own = b""
        for part in parts:
            if not wire.closed:
                wire.send(part)
                own += wire.receive()
        return own


@pytest.fixture
def both(oracle: Oracle) -> Both:
    oracle.reset()
    return Both(oracle)


WORDS = [
    b"*1\r\n$4\r\nPING\r\n",
    b"*2\r\n$4\r\necho\r\n$0\r\n\r\n",
    b"*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n",
    b"*2\r\n$4\r\nECHO\r\n$7\r\na\r\n*1\r\n\r\n",
    b"*2\r\n$4\r\nECHO\r\n$3\r\n\0\xff\n\r\n",
    b"*3\r\n$3\r\nSET\r\n$1\r\n\r\r\n$1\r\n\n\r\n*2\r\n$3\r\nGET\r\n$1\r\n\r\r\n",
    b"*0\r\n",
    b"*-1\r\n",
    b"*-9223372036854775808\r\n",
    b"*0\r\n*-5\r\n*1\r\n$4\r\nPING\r\n*0\r\n",
    b"*1\rX$4\r\nPING\r\n",
    b"*1\r\n$4\rXPING\r\n",
    b"*1\r\n$4\r\nPINGXX",
    b"*1\r\r$4\r\nPING\n\n",
    b"PING\r\n",
    b"PING\n",
    b"\r\n",
    b"\n\n\r\n",
    b"   \r\n",
    b"PING\r\r\n",
    b"  ECHO \t x  \r\n",
    b"ECHO 'a b'\r\n",
    b"ECHO 'a\\'b\\n'\r\n",
    b'ECHO "a\\x41\\x4g\\n\\r\\t\\b\\a\\"\\\\\\q"\r\n',
    b"ECHO ''\r\n",
    b'ECHO ""\r\n',
    b'EC"HO" x\r\n',
    b"ECHO a'b c'\r\n",
    b"ECHO a\x0bb\r\n",
    b"ECHO \x0b\x0cab\x0c\r\n",
    b"ECHO 'a'\x0b\r\n",
    b"ECHO a\rb\r\n",
    b"ECHO \xff\xfe\r\n",
    b"$4\r\n",
    b"+OK\r\n",
    b"-ERR\r\n",
    b" *1\r\n",
    b"GET /index.html HTTP/1.1\r\n",
]


@pytest.mark.parametrize("data", WORDS)
def test_requests(both: Both, data: bytes) -> None:
    both.say(data)
    assert both.say(data + TAIL).endswith(b"$4\r\ntail\r\n")
    both.say(TAIL + data)
    both.say(data * 3)


BROKEN = [
    *(b"*%b\r\n" % count for count in (b"", b"x", b"1x", b" 1", b"1 ", b"+1", b"01", b"1.0", b"--1", b"-0")),
    *(b"*%d\r\n" % count for count in (2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, -(2**63) - 1)),
    b"*0x1\r\n",
    b"*1\r\n*1\r\n",
    b"*1\r\nPING\r\n",
    b"*1\r\n\r\n",
    b"*1\r\n\n\r\n",
    b"*1\r\n:4\r\n",
    b"*2\r\n$4\r\nECHO\r\n+x\r\n",
    b"*2\r\n$4\r\nECHO\r\n$-1\r\n",
    *(
        b"*1\r\n$%b\r\n" % size
        for size in (b"", b"x", b"4x", b" 4", b"4 ", b"+4", b"04", b"-0", b"-1", b"-5")
    ),
    *(b"*1\r\n$%d\r\n" % size for size in (512 * 1024**2, 512 * 1024**2 + 1, 2**31, 2**63, -(2**63))),
    b"*1\r\n$4PING\r\n",
    b"*1\r\n$3\r\nPING\r\n",
    b"*1\r\n$5\r\nPING\r\n\r\n",
    b"*1\r\n$4\r\nPING\r\n\r\n$4\r\n",
    b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nbc\r\n",
    b'ECHO "x\r\n',
    b"ECHO 'x\r\n",
    b'ECHO "x"y\r\n',
    b"ECHO 'x'y\r\n",
    b'ECHO "x\\"\r\n',
    b"ECHO x'\r\n",
    b'"\r\n',
]


@pytest.mark.parametrize("data", BROKEN)
def test_what_breaks_the_protocol(both: Both, data: bytes) -> None:
    both.say(data)
    both.say(data + TAIL)
    both.say(TAIL + data + TAIL)


def test_whatever_stands_where_a_length_should(both: Both) -> None:
    for byte in range(1, 256):  # at a NUL Redis waits for more, and more, as if the line had not ended
        both.say(b"*1\r\n%c4\r\nPING\r\n" % byte, small=False)


@pytest.mark.parametrize("begin", [b"*", b"*1\r\n$", b"*1\r\n", b"PING ", b"*1\r\n$4\r\nPING\r\n*"])
def test_a_line_that_does_not_end(both: Both, begin: bytes) -> None:
    line = begin.rpartition(b"\n")[2]
    for length in (MAX_LINE - 1, MAX_LINE, MAX_LINE + 1):
        data = begin + b"1" * (length - len(line))
        both.say(data, small=False)
    both.say(begin + b"1" * (MAX_LINE - len(line)) + b"\r\n" + TAIL, small=False)


def test_limits_of_a_bulk(both: Both) -> None:
    both.set("proto-max-bulk-len", "1mb")
    for size in (2**20 - 1, 2**20):
        assert both.say(request("SET", "a", b"x" * size) + TAIL, small=False).startswith(b"+OK\r\n")
    both.say(b"*1\r\n$%d\r\n" % (2**20 + 1) + TAIL)


UNAUTHENTICATED = [
    b"*10\r\n" + b"$1\r\nx\r\n" * 10,
    b"*11\r\n" + b"$1\r\nx\r\n" * 11,
    b"*11\r\n",
    b"*1\r\n$16384\r\n",
    b"*1\r\n$16385\r\n",
    request("ECHO", b"x" * 16384),
    request("ECHO", b"x" * 16385),
    request("AUTH", "wrong") + b"*11\r\n",
    request("AUTH", "secret") + request("DEL", *range(11)),
    request("AUTH", "secret") + request("ECHO", b"x" * 16385),
    request("HELLO", 2, "AUTH", "default", "secret") + request("DEL", *range(11)),
    request("AUTH", "secret") * 3 + b"PING\r\n" * 5,
    request("PING") * 5,
    b"PING\r\nAUTH secret\r\nPING\r\n",
    b"ECHO " + b"x" * 20000 + b"\r\n",
]


@pytest.mark.parametrize("data", UNAUTHENTICATED)
def test_who_has_not_said_who_he_is(both: Both, data: bytes) -> None:
    both.set("requirepass", "secret")
    both.say(data, small=len(data) < 1000)
    both.say(data + TAIL, small=False)


@pytest.mark.parametrize("line", [b"POST / HTTP/1.1", b"Host: localhost", b"host: localhost"])
def test_who_speaks_http_is_sent_away(both: Both, line: bytes) -> None:
    assert both.say(line + b"\r\n" + TAIL) == b""


def test_nothing_is_done_after_the_protocol_was_broken() -> None:
    wire = Wire(Store())
    wire.send(request("SET", "a", 1) + b"*1\r\n!\r\n" + request("SET", "a", 2))
    assert wire.receive() == b"+OK\r\n-ERR Protocol error: expected '$', got '!'\r\n"
    assert wire.closed
    wire.send(request("SET", "a", 3))
    assert wire.receive() == b""
    assert wire.store.get("a") == b"1"


# --- however it is cut ------------------------------------------------------------------------------------

values = st.binary(max_size=20) | st.sampled_from(
    [b"\r\n", b"a\r\nb", b"$1\r\n", b"*1\r\n", b"x" * 1024, b"x" * 1025]
)
arrays = st.lists(values, min_size=1, max_size=8)


@given(st.lists(arrays, max_size=8), st.lists(st.integers(0, 400), max_size=20), st.booleans())
@example([[b"x"] * 64, [b"y"] * 65], [], True)
def test_requests_are_the_same_however_they_are_cut(
    requests: list[list[bytes]], places: list[int], trusted: bool
) -> None:
    parser = RequestParser()
    parser.authenticated = trusted
    found = []
    for part in cut(b"".join(request(*words) for words in requests), places):
        parser.feed(part)
        found += requests_in(parser)
    assert found == requests
    assert parser.size == 0


@given(st.lists(arrays, min_size=2, max_size=8), st.lists(st.integers(0, 400), max_size=20))
def test_what_is_fed_while_nobody_asks_is_kept(requests: list[list[bytes]], places: list[int]) -> None:
    data = b"".join(request(*words) for words in requests)
    parser = RequestParser()
    for part in cut(data, places):
        parser.feed(part)
    assert parser.size == len(data)
    assert requests_in(parser) == requests


anything = st.lists(
    st.sampled_from(
        [b"*", b"$", b"\r", b"\n", b"\r\n", b"1", b"-1", b"0", b"4", b"PING", b" ", b"'", b'"', b"\\"]
    )
    | st.binary(max_size=3).filter(lambda data: b"\0" not in data),
    max_size=20,
).map(b"".join)


@given(anything, st.lists(st.integers(0, 60), max_size=20))
def test_anything_is_the_same_however_it_is_cut(data: bytes, places: list[int]) -> None:
    def parse(parts: Iterator[bytes]) -> tuple[list[list[bytes]], str]:
        parser, found = RequestParser(), []
        for part in parts:
            parser.feed(part)
            try:
                found += requests_in(parser)
            except ProtocolError as error:
                return found, str(error)
        return found, ""

    assert parse(iter([data])) == parse(cut(data, places))


@given(anything)
def test_anything_is_answered_as_redis_answers_it(both: Both, data: bytes) -> None:
    both.say(data + b"\r\n" + TAIL)


# --- costs ------------------------------------------------------------------------------------------------


def test_a_client_allocates_no_more_than_it_sends() -> None:
    tracemalloc.start()
    try:
        parsers = [RequestParser() for _ in range(100)]
        before = tracemalloc.get_traced_memory()[0]
        for parser in parsers:
            parser.feed(b"*2147483647\r\n$536870912\r\nx")
            assert parser.requests() == []
        assert tracemalloc.get_traced_memory()[0] - before < 100 * 1000
    finally:
        tracemalloc.stop()


def test_a_large_value_comes_in_chunks() -> None:
    """What is held grows with what is fed, and is let go of."""
    value = random.Random(1).randbytes(8_000_000)
    data = request("SET", "a", value)
    parser = RequestParser()
    tracemalloc.start()
    try:
        for begin in range(0, len(data), 65536):
            assert parser.requests() == []
            parser.feed(data[begin : begin + 65536])
        assert len(value) < parser.size < len(data)
        assert requests_in(parser) == [[b"SET", b"a", value]]
        assert tracemalloc.get_traced_memory()[1] < 3 * len(value)
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("width", [65536, 100, 1])
def test_a_request_of_many_words_comes_in_bits(width: int) -> None:
    words = [b"w%d" % number for number in range(width * 3)][:50_000]
    data = request(*words)
    parser = RequestParser()
    for begin in range(0, len(data), width):
        parser.feed(data[begin : begin + width])
    assert requests_in(parser) == [words]


# --- words ------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=10), max_size=5))
def test_quoted_words_are_read_again(words: list[bytes]) -> None:
    line = b" ".join(map(quoted, words))
    assert all(32 <= byte < 127 for byte in line)
    assert split_words(line) == words


# --- replies, read by redis-py ------------------------------------------------------------------------------

REPLIES: list[tuple[Any, bytes, bytes | None]] = [
    (b"a\r\nb", b"$4\r\na\r\nb\r\n", None),
    (b"", b"$0\r\n\r\n", None),
    (OK, b"+OK\r\n", None),
    (-5, b":-5\r\n", None),
    (True, b":1\r\n", None),
    (None, b"$-1\r\n", b"_\r\n"),
    (NULL_ARRAY, b"*-1\r\n", b"_\r\n"),
    ([], b"*0\r\n", None),
    ([1, [b"a", None]], b"*2\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n", b"*2\r\n:1\r\n*2\r\n$1\r\na\r\n_\r\n"),
    ((1, Status(b"x")), b"*2\r\n:1\r\n+x\r\n", None),
    (Members([1, 2]), b"*2\r\n:1\r\n:2\r\n", b"~2\r\n:1\r\n:2\r\n"),
    (Push([1]), b"*1\r\n:1\r\n", b">1\r\n:1\r\n"),
    ({b"a": 1}, b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
    (Pairs([(b"a", 1)]), b"*2\r\n$1\r\na\r\n:1\r\n", b"*1\r\n*2\r\n$1\r\na\r\n:1\r\n"),
    (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
    (Human(-0.1), b"$20\r\n-0.10000000000000001\r\n", b",-0.10000000000000001\r\n"),
    (float("-inf"), b"$4\r\n-inf\r\n", b",-inf\r\n"),
    (Truth(1), b":1\r\n", b"#t\r\n"),
    (Truth(0), b":0\r\n", b"#f\r\n"),
    (BigNumber(b"%d" % 2**70), b"$22\r\n1180591620717411303424\r\n", b"(1180591620717411303424\r\n"),
    (Verbatim(b"text"), b"$4\r\ntext\r\n", b"=8\r\ntxt:text\r\n"),
    (ResponseError("no\r\nway"), b"-ERR no  way\r\n", None),
    (ResponseError("WRONGTYPE x"), b"-WRONGTYPE x\r\n", None),
    (ResponseError("\udcff"), b"-ERR \xff\r\n", None),
]


@pytest.mark.parametrize(("reply", "resp2", "resp3"), REPLIES)
def test_replies(reply: Any, resp2: bytes, resp3: bytes | None) -> None:
    """What redis-py makes of such bytes is in test_wire_python.py."""
    assert encode2(reply) == resp2
    assert encode3(reply) == (resp2 if resp3 is None else resp3)
