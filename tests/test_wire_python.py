"""Replies become the Python values that redis-py's parsers make of their bytes."""

from __future__ import annotations

import io
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import ask, same
from redis._parsers import _RESP2Parser, _RESP3Parser
from redis._parsers.encoders import Encoder

from kvlite.errors import ExecAbortError, NoScriptError, OutOfMemoryError, ResponseError
from kvlite.redis.talk import reported
from kvlite.wire.python import converter
from kvlite.wire.replies import NULL_ARRAY, BigNumber, Human, Members, Pairs, Push, Status, Truth, Verbatim
from kvlite.wire.resp import encoder_of

TEXTS = st.one_of(
    st.sampled_from([b"", b"a", b"\r\n", "é".encode(), b"OK"]), st.text(max_size=5).map(str.encode)
)
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=500), max_size=8)
ERRORS = st.one_of(
    LINES.map(ResponseError),
    st.sampled_from(["WRONGTYPE Operation against", "no such key", "BUSY script", "unknown\r\ncommand"]).map(
        ResponseError
    ),
    LINES.map(OutOfMemoryError),
    LINES.map(NoScriptError),
    LINES.map(ExecAbortError),
    st.just(ResponseError("NOAUTH Authentication required.")),
)
SCALARS = st.one_of(
    TEXTS,
    TEXTS.map(Verbatim),
    LINES.map(lambda line: Status(line.encode())),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.booleans().map(Truth),
    st.floats(),
    st.just(None),
    st.just(NULL_ARRAY),
)
KEYS = st.one_of(TEXTS, st.integers(-(2**63), 2**63 - 1), LINES.map(lambda line: Status(line.encode())))


def nested(replies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(replies, max_size=4),
        st.lists(replies, max_size=4).map(tuple),
        st.lists(replies, max_size=4).map(Members),
        st.lists(st.tuples(replies, replies), max_size=3).map(Pairs),
        st.dictionaries(KEYS, replies, max_size=3),
    )


BIG = st.integers(-(10**30), 10**30).map(
    lambda number: BigNumber(b"%d" % number)
)  # which hiredis leaves to the caller, as text
HUMAN = st.floats(allow_nan=False, allow_infinity=False).map(Human)
REPLIES = st.recursive(st.one_of(SCALARS, HUMAN, BIG, ERRORS), nested, max_leaves=12)


class Connected:
    """What a parser of redis-py wants of a connection."""

    socket_timeout = None

    def __init__(self, data: bytes, decode: bool) -> None:
        self.encoder = Encoder("utf-8", "strict", decode)
        self._sock = self
        self._data = io.BytesIO(data)

    def recv(self, size: int) -> bytes:
        return self._data.read(size)

    def settimeout(self, seconds: float | None) -> None:
        """It never waits."""


def parsed(data: bytes, protocol: int, decode: bool) -> Any:
    parser = (_RESP2Parser if protocol == 2 else _RESP3Parser)(socket_read_size=4096)
    parser.on_connect(Connected(data, decode))
    return parser.read_response()


def hiredis_parsed(data: bytes, decode: bool) -> Any:
    hiredis = pytest.importorskip("hiredis")
    options = {"encoding": "utf-8"} if decode else {}
    reader = hiredis.Reader(replyError=_RESP2Parser.parse_error, **options)
    reader.feed(data)
    return reader.gets()


def decoded(value: bytes) -> str:
    return value.decode()


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("protocol", [2, 3])
@given(REPLIES)
def test_as_the_parsers_of_redis_py(protocol: int, decode: bool, reply: Any) -> None:
    data = encoder_of(protocol)(reply)
    ours = ask(lambda: converter(protocol, reported, decoded if decode else None)(reply))
    theirs = ask(lambda: parsed(data, protocol, decode))
    assert same(ours.error, theirs.error)
    assert same(ours.value, theirs.value)


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
@pytest.mark.parametrize("protocol", [2, 3])
@given(st.recursive(SCALARS, nested, max_leaves=8))
def test_as_hiredis(protocol: int, decode: bool, reply: Any) -> None:
    data = encoder_of(protocol)(reply)
    ours = converter(protocol, reported, decoded if decode else None)(reply)
    assert same(ours, hiredis_parsed(data, decode))


@pytest.mark.parametrize("protocol", [2, 3])
def test_messages_are_lists(protocol: int) -> None:
    reply = Push([b"message", b"channel", b"data"])
    assert converter(protocol, reported)(reply) == [b"message", b"channel", b"data"]


@pytest.mark.parametrize("protocol", [2, 3])
def test_strings_lose_their_kind(protocol: int) -> None:
    convert = converter(protocol, reported)
    assert [type(convert(reply)) for reply in (Status(b"OK"), Verbatim(b"text"))] == [bytes, bytes]
    assert type(convert(True)) is int
    assert type(convert(Truth(1))) is (int if protocol == 2 else bool)
    assert socket.timeout is TimeoutError  # which is how a reply that does not come is told
