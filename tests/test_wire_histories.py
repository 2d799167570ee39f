"""The law of answers over the wire: random histories of every type, as bytes.

They are what redis-py would send for the calls of the types' own histories, and what the grammars allow, good
and bad. In both protocols, and with every request in a transaction of its own, the bytes of the answers are
Redis's, and so is the whole state after each step.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import eq
from typing import Any, TypeAlias

import pytest
import redis
from grammar import Grammar, Words
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Check, Command, Comparison, Oracle, Pair, Step, call, histories, run_history, time_passes
from raw import Blur, Client, Socket, Wire, lengths, request, unordered
from redis.connection import Connection
from test_oracle_sort import is_defined

from kvlite import Store

Alike: TypeAlias = Callable[[bytes, bytes], bool]
"""Whether the oracle's answer and the store's are the same, as far as Redis settles it."""


def by_blur(blur: Blur) -> Alike:
    return lambda theirs, own: blur(theirs) == blur(own)


FIRST_OF_SEVERAL = rb"\*2\r\n\$\d+\r\n[1-9]"


def same_page(theirs: bytes, own: bytes) -> bool:
    """Of a scan that is not over by one page, each visits what it likes."""
    return unordered(theirs) == unordered(own) or re.search(FIRST_OF_SEVERAL, theirs) is not None


ALIKE: dict[str, Alike] = {
    "exact": eq,
    "unordered": by_blur(unordered),
    "shape": by_blur(lengths),
    "page": same_page,
}
UNORDERED = {
    **dict.fromkeys(["smembers", "sinter", "sunion", "sdiff"], "unordered"),
    **dict.fromkeys(["hgetall", "hkeys", "hvals", "keys"], "unordered"),
    **dict.fromkeys(["scan", "hscan", "sscan", "zscan"], "page"),
    **dict.fromkeys(["spop", "srandmember", "hrandfield", "zrandmember", "randomkey"], "shape"),
}
"""Replies whose order means nothing, that come in pages, or that are drawn by lot."""

TABLES = {
    "strings": "COMMANDS",
    "bitmaps": "COMMANDS",
    "hyperloglogs": "COMMANDS",
    "lists": "TABLE",
    "hashes": "WRITES READS OTHERS",
    "sets": "WRITES READS OTHERS",
    "sort": "WRITES SORTS",
    "sorted_sets": "TABLE",
    "streams": "WRITES GROUP_WRITES READS OTHERS",
    "geo": "COMMANDS",
    "keys": "COMMANDS",
    "dump": "COMMANDS",
}

GRAMMARS = [name for name in TABLES if name != "dump"]

OpenDoor: TypeAlias = Callable[[Store[Any], int], Client]
"""Makes a client of a store that speaks this protocol."""


class BytesPair(Pair):
    """A pair whose calls go as bytes through a door of the store and through a socket of the oracle."""

    def __init__(self, oracle: Oracle, protocol: int, transaction: bool, open_door: OpenDoor = Wire) -> None:
        self._protocol = protocol
        self._transaction = transaction
        self._open_door = open_door
        self._clients: list[Client] = []
        super().__init__(oracle, databases=(0, 1))

    def reset(self) -> None:
        self.close()
        super().reset()
        self._door = self._open_door(self.store, self._protocol)
        self._socket = Socket(self.oracle.address, self._protocol)
        self._clients = [self._door, self._socket]

    def close(self) -> None:
        for each in self._clients:
            each.disconnect()

    def send(self, words: Words, alike: Alike = eq) -> bytes:
        """What both answer to a request, which must be alike."""
        sent, replies = request(*words), 1
        if self._transaction or words[0].lower().startswith((b"bl", b"br", b"bz")):
            # Nobody would wake those who wait.
            sent, replies = request("MULTI") + sent + request("EXEC"), 3
        self.oracle.calls += 1
        answers = []
        for client in self._clients:
            client.send(sent)
            answers.append(b"".join(client.reply() for _ in range(replies)))
        own, theirs = answers
        assert alike(theirs, own), f"{words!r}: different answers\n  redis:  {theirs!r}\n  kvlite: {own!r}"
        return theirs

    # Calls of redis-py

    def _call(self, compare: Comparison, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        words = words_of(method, args, kwargs)
        if words is None:
            return None
        alike = ALIKE[compare] if compare != "exact" else ALIKE[UNORDERED.get(method, "exact")]
        answer = self.send(words, alike)
        return Exception() if answer.startswith(b"-") else answer

    def call_random(self, check: Check, method: str, key: Any, *args: Any, **kwargs: Any) -> Any:
        answer = self._call("shape", method, (key, *args), kwargs)
        self.adopt(key)
        return answer


class _Recorded(BaseException):
    """Carries what a method of redis-py would have sent."""


class _Recorder(redis.Redis):
    def execute_command(self, *args: Any, **options: Any) -> Any:  # type: ignore[override]
        raise _Recorded(args)


_recorder = _Recorder()
_packer = Connection()


def words_of(method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Words | None:
    """What redis-py sends for a call; None for a call that it refuses."""
    try:
        call(_recorder, method, args, kwargs)
    except _Recorded as recorded:
        name, *rest = recorded.args[0]
        try:
            return [*name.encode().split(), *map(_packer.encoder.encode, rest)]
        except redis.DataError:
            return None
    except (redis.RedisError, ValueError, TypeError, AttributeError):
        return None
    raise AssertionError(f"{method} sends nothing at once")


@dataclass(frozen=True)
class Request(Step):
    """A request as a step of a history."""

    method: str = "request"
    words: Words = ()  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(b" ".join(self.words))

    def run(self, pair: Pair) -> None:
        assert isinstance(pair, BytesPair)
        name, *args = self.words
        command = name.decode().lower()
        if not is_sorted_by_rule(pair, command, args):
            return
        pair.send(self.words, ALIKE[UNORDERED.get(command, "exact")])
        if command == "spop" and args:
            pair.adopt(args[0])


def is_sorted_by_rule(pair: Pair, command: str, args: Words) -> bool:
    """`is_defined` for a request; also, nothing is cut from a set as it stands."""
    if not command.startswith("sort") or not args:
        return True
    kind = pair.redis.type(args[0])
    options = [each.upper() for each in args[1:]]
    if kind == b"set" and b"BY" in options:
        return False
    call = Step(command, (args[0],), {"alpha": b"ALPHA" in options})
    return is_defined(pair, call)


DOORS: dict[str, tuple[int, bool, OpenDoor]] = {
    "resp2": (2, False, Wire),
    "resp3": (3, False, Wire),
    "transactions": (2, True, Wire),
}
"""The protocol, whether each request is a transaction of its own, and what stands before the store."""


@pytest.fixture(params=DOORS)
def door(oracle: Oracle, request: pytest.FixtureRequest) -> Iterator[BytesPair]:
    oracle.reset()
    pair = BytesPair(oracle, *DOORS[request.param])
    yield pair
    pair.close()


def rows_of(name: str) -> list[Command]:
    """The rows that the type's own histories are made of."""
    module = importlib.import_module(f"test_oracle_{name}")
    rows = [row for table in TABLES[name].split() for row in getattr(module, table)]
    return [row for row in rows if not row.method.endswith("_iter")]


@pytest.mark.parametrize("name", TABLES)
def test_what_redis_py_sends(door: BytesPair, name: str) -> None:
    @settings(max_examples=settings().max_examples // 10)
    @given(histories(*rows_of(name)))
    def run(steps: list[Step]) -> None:
        run_history(door, (step for step in steps if is_defined(door, step)))

    run()


@pytest.mark.parametrize("name", GRAMMARS)
def test_what_may_be_sent(door: BytesPair, name: str) -> None:
    requests = grammar_of(name).requests().map(lambda words: Request(words=words))
    passing = time_passes().steps()
    choices = st.integers(0, 15).flatmap(lambda drawn: passing if drawn == 15 else requests)

    @settings(max_examples=settings().max_examples // 10)
    @given(st.lists(choices, min_size=50, max_size=50))
    def run(steps: list[Step]) -> None:
        run_history(door, steps)

    run()


def grammar_of(name: str) -> Grammar:
    return Grammar(importlib.import_module(f"test_wire_{name}").GRAMMAR)
