"""The law of answers over the wire: random histories of every type, as the bytes that redis-py would send.

In both protocols, and with every request in a transaction of its own, the bytes of the answers are Redis's,
and so is the whole state after each step.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from oracle import Check, Command, Comparison, Oracle, Pair, Step, histories, run_history
from raw import Blur, Socket, Wire, lengths, request, unordered
from redis.connection import Connection
from test_oracle_sort import is_defined

UNORDERED = {
    *("smembers", "sinter", "sunion", "sdiff"),
    *("hgetall", "hkeys", "hvals", "hrandfield", "hscan", "keys"),
}
"""Whose replies redis-py turns into sets and dicts, or whose order means nothing."""


TABLES = {
    "strings": "COMMANDS",
    "lists": "TABLE",
    "hashes": "WRITES READS OTHERS",
    "sets": "WRITES READS OTHERS",
    "sort": "WRITES SORTS",
    "sorted_sets": "TABLE",
    "keys": "COMMANDS",
    "dump": "COMMANDS",
}


class _Recorded(BaseException):
    """Carries what a method of redis-py would have sent."""


class _Recorder(redis.Redis):
    def execute_command(self, *args: Any, **options: Any) -> Any:  # type: ignore[override]
        raise _Recorded(args)


_recorder = _Recorder()
_packer = Connection()


def packed(method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes | None:
    """The bytes redis-py sends for a call; None for a call that it refuses."""
    try:
        getattr(_recorder, method)(*args, **kwargs)
    except _Recorded as recorded:
        try:
            return b"".join(_packer.pack_command(*recorded.args[0]))
        except redis.DataError:
            return None
    except (redis.RedisError, ValueError, TypeError, AttributeError):
        return None
    raise AssertionError(f"{method} sends nothing at once")


class Door(Pair):
    """A pair whose calls go as bytes to a stream and to a socket of the oracle."""

    def __init__(self, oracle: Oracle, protocol: int, transaction: bool) -> None:
        self._protocol = protocol
        self._transaction = transaction
        self._socket: Socket | None = None
        super().__init__(oracle, databases=(0, 1))

    def reset(self) -> None:
        super().reset()
        if self._socket is not None:
            self._socket.disconnect()
        self._socket = Socket(self.oracle.address, self._protocol)
        self._wire = Wire(self.store, self._protocol)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.disconnect()

    def _call(self, compare: Comparison, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        sent = packed(method, args, kwargs)
        if sent is None:
            return None
        self.oracle.calls += 1
        theirs, own = self._ask(sent)
        blur: Blur | None = {"exact": None, "unordered": unordered, "shape": lengths}[compare]
        if blur is None and method in UNORDERED:
            blur = unordered
        alike = theirs == own if blur is None else blur(theirs) == blur(own)
        assert alike, f"{sent!r}: different answers\n  redis:  {theirs!r}\n  kvlite: {own!r}"
        return Exception() if theirs.startswith(b"-") else theirs

    def _ask(self, sent: bytes) -> tuple[bytes, bytes]:
        assert self._socket is not None
        before, after = (request("MULTI"), request("EXEC")) if self._transaction else (b"", b"")
        self._socket.send(before + sent + after)
        theirs = b"".join(self._socket.reply() for _ in range(3 if self._transaction else 1))
        self._wire.send(before + sent + after)
        own = self._wire.receive()
        if not own:
            self._wire.time_out()
            own = self._wire.receive()
        return theirs, own

    def call_random(self, check: Check, method: str, key: Any, *args: Any, **kwargs: Any) -> Any:
        answer = self._call("shape", method, (key, *args), kwargs)
        self.adopt(key)
        return answer


def rows_of(name: str) -> list[Command]:
    """The rows that the type's own histories are made of."""
    module = importlib.import_module(f"test_oracle_{name}")
    rows = [row for table in TABLES[name].split() for row in getattr(module, table)]
    return [row for row in rows if not row.method.endswith("_iter")]


@pytest.fixture(params=["resp2", "resp3", "transactions"])
def door(oracle: Oracle, request: pytest.FixtureRequest) -> Iterator[Door]:
    oracle.reset()
    door = Door(oracle, 3 if request.param == "resp3" else 2, request.param == "transactions")
    yield door
    door.close()


@pytest.mark.parametrize("name", TABLES)
def test_the_bytes_are_those_of_redis(door: Door, name: str) -> None:
    @settings(max_examples=settings().max_examples // 5)
    @given(histories(*rows_of(name)))
    def run(steps: list[Step]) -> None:
        run_history(door, (step for step in steps if is_defined(door, step)))

    run()
