"""Lists answer as redis-server does: every command, random histories, and who is served when several wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from oracle import (
    Command,
    Oracle,
    Pair,
    Step,
    ask,
    bad_values,
    command,
    histories,
    int_texts,
    ints,
    keys,
    many,
    mostly,
    run_history,
    same,
    small_ints,
    time_passes,
    values,
)

from kvlite import Store

ELEMENTS = mostly(st.sampled_from(["a", "b", "c", "", b"a", 1]), values(), 6)
INDEXES = mostly(small_ints(), st.one_of(ints(), int_texts()), 6)
COUNTS = mostly(st.integers(0, 4), st.one_of(ints(), int_texts(), bad_values()), 8)
ENDS = mostly(
    st.sampled_from(["LEFT", "RIGHT", "left", b"Right"]), st.sampled_from(["", "UP", 1, "COUNT", None]), 10
)
SIDES = mostly(st.sampled_from(["BEFORE", "AFTER", b"before"]), st.sampled_from(["", "AT", 1, None]), 10)
NUMBERS_OF_KEYS = mostly(st.just(2), st.one_of(st.sampled_from([0, 1, 3, -1]), ints(), int_texts()), 6)
TIMEOUTS = mostly(
    st.sampled_from([0, 1, 0.5, "2", b"0.1"]),
    st.sampled_from([-1, -0.0001, "x", "", 1e300, float("inf"), float("nan"), "0x1", 1e18, None, True]),
    4,
)


class Queued(Step):
    """A step in a transaction, where blocking commands do not wait."""

    def run(self, pair: Pair) -> None:
        pair.both(self._execute)

    def _execute(self, side: Any) -> Any:
        pipe = side.pipeline()
        getattr(pipe, self.method)(*self.args, **self.kwargs)
        return pipe.execute(raise_on_error=False)


class InTransaction(Command):
    """A row whose calls are made within a transaction."""

    def steps(self) -> SearchStrategy[Step]:
        return super().steps().map(lambda step: Queued(step.method, step.args, step.kwargs))


TABLE = [
    command("lpush", keys(), many(ELEMENTS, 0, 4)).weighing(3),
    command("rpush", keys(), many(ELEMENTS, 0, 6)).weighing(5),
    command("lpushx", keys(), many(ELEMENTS, 0, 3)),
    command("rpushx", keys(), many(ELEMENTS, 0, 3)),
    command("lpop", keys(), count=COUNTS),
    command("rpop", keys(), count=COUNTS),
    command("llen", keys()),
    command("lindex", keys(), INDEXES),
    command("lrange", keys(), INDEXES, INDEXES),
    command("lset", keys(), INDEXES, ELEMENTS).weighing(2),
    command("linsert", keys(), SIDES, ELEMENTS, ELEMENTS).weighing(2),
    command("lrem", keys(), INDEXES, ELEMENTS).weighing(2),
    command("ltrim", keys(), INDEXES, INDEXES),
    command("lpos", keys(), ELEMENTS, rank=INDEXES, count=COUNTS, maxlen=COUNTS).weighing(3),
    command("lmove", keys(), keys(), src=ENDS, dest=ENDS).weighing(2),
    command("rpoplpush", keys(), keys()),
    command("lmpop", NUMBERS_OF_KEYS, keys(), keys(), count=COUNTS).always(direction=ENDS).weighing(2),
    InTransaction("blpop", (st.lists(keys(), min_size=1, max_size=3), TIMEOUTS), {}),
    InTransaction("brpop", (keys(), TIMEOUTS), {}),
    InTransaction("blmove", (keys(), keys(), TIMEOUTS, ENDS, ENDS), {}),
    InTransaction("brpoplpush", (keys(), keys(), TIMEOUTS), {}),
    InTransaction(
        "blmpop", (TIMEOUTS, NUMBERS_OF_KEYS, keys(), keys()), {"count": COUNTS}, {"direction": ENDS}
    ),
    command("set", keys(), "text"),
    command("delete", keys()),
    command("pexpire", keys(), st.sampled_from([500, 1000])),
    time_passes(),
]


@given(histories(*TABLE))
def test_lists_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


def call(method: str, *args: Any, **kwargs: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    return method, args, kwargs


L, S, NONE = "l", "s", "none"
QUIRKS = [
    # What is looked up before what is read
    call("lindex", NONE, "x"), call("lindex", S, "x"), call("lindex", L, "x"), call("lindex", L, None),
    call("lset", NONE, "x", "v"), call("lset", S, "x", "v"), call("lset", L, "x", "v"),
    call("lset", L, 2**63, "v"), call("lset", L, -(2**63), "v"), call("lset", L, 1.0, "v"),
    call("lrange", S, "x", 1), call("lrange", L, "x", None), call("lrange", L, 0, True),
    call("ltrim", S, 0, "x"), call("ltrim", L, 3, 1), call("ltrim", L, -(2**63), 2**63 - 1),
    call("lrem", S, "x", "a"), call("lrem", L, "x", None), call("lrem", L, -(2**63), "a"),
    call("lpop", S, -1), call("lpop", S, 0), call("lpop", NONE, 0), call("lpop", NONE, -1),
    call("lpop", L, 0), call("rpop", L, "x"), call("rpop", L, 2**63), call("rpop", L, 2**63 - 1),
    call("linsert", S, "at", "a", "x"), call("linsert", L, "at", None, "x"), call("linsert", L, 1, "a", "x"),
    # LPOS
    call("lpos", NONE, "a", count=0), call("lpos", NONE, "a"), call("lpos", S, "a", maxlen="x"),
    call("lpos", L, "a", rank=0, count=-1), call("lpos", L, "a", rank=-(2**63)),
    call("lpos", L, "a", rank=-(2**63), count=0), call("lpos", L, "a", rank=-(2**63) + 1),
    call("lpos", L, "a", count="x"), call("lpos", L, "a", maxlen=-1), call("lpos", L, "a", rank="x"),
    call("lpos", L, "a", rank=-2, count=0, maxlen=4), call("lpos", L, "a", rank="x", maxlen=True),
    # LMPOP
    call("lmpop", 0, direction="LEFT"), call("lmpop", 1, direction="LEFT", count=3),
    call("lmpop", 2, L, direction="LEFT", count=3), call("lmpop", 1, L, "m", direction="LEFT"),
    call("lmpop", 1, L, "LEFT", direction="COUNT", count=3),
    call("lmpop", 1, L, "LEFT", "COUNT", direction="2"),
    call("lmpop", 1, L, "LEFT", "COUNT", "2", direction="COUNT", count=3),
    call("lmpop", 1, L, direction="LEFT", count=0), call("lmpop", 1, L, direction="LEFT", count="x"),
    call("lmpop", 1, L, direction="LEFT", count=1.0), call("lmpop", 1, L, direction="LEFT", count=True),
    call("lmpop", 1, L, direction="LEFT", count=None), call("lmpop", "x", L, direction="LEFT"),
    call("lmpop", 2**63, L, direction="LEFT"), call("lmpop", 2**63 - 1, L, direction="LEFT"),
    call("lmpop", 2, NONE, S, direction="LEFT"), call("lmpop", 2, L, S, direction="left", count=9),
    # Blocking, where nobody has to wait
    call("blpop", L), call("blpop", L, None), call("blpop", [NONE, L, S], "1"), call("blpop", [NONE, S, L]),
    call("blpop", []), call("blpop", [], True), call("blpop", None), call("blpop", {NONE: 1, L: 2}),
    call("brpop", (NONE, b"l"), 1), call("brpop", bytearray(b"l")), call("brpop", S, -1),
    call("brpop", S, "x"), call("brpop", L, ""), call("brpop", L, "0x1"), call("brpop", L, -0.0001),
    call("brpop", NONE, float("inf")), call("brpop", NONE, float("nan")), call("brpop", NONE, 1e18),
    call("blmove", L, "m", None), call("blmove", L, "m", "x", "up"), call("blmove", S, "m", -1, "LEFT", "up"),
    call("blmove", L, S, 1), call("blmove", L, L, 1, "RIGHT", "LEFT"), call("blmove", L, "m", -1),
    call("brpoplpush", L, "m", None), call("brpoplpush", L, "m", "x"), call("brpoplpush", S, "m", 1),
    call("blmpop", "x", 0, NONE, direction="left"), call("blmpop", "x", 1, L, direction="up"),
    call("blmpop", "x", 1, L, direction="LEFT", count=0), call("blmpop", "x", 1, L, direction="LEFT"),
    call("blmpop", -1, 1, L, direction="LEFT"), call("blmpop", None, 1, L, direction="LEFT"),
    call("blmpop", 1, 1, L, direction="LEFT", count=None), call("blmpop", 1, 1, L, direction="LEFT", count=2),
    call("blmpop", 1, 1, L, "LEFT", direction="COUNT"), call("blmpop", 1, 1, direction="LEFT"),
    # Arguments
    call("lpush", L), call("lpush", L, *[]), call("lpush", L, ["a"]), call("lpush", L, "a", None),
    call("rpush", S), call("lpushx", NONE), call("rpushx", L), call("lmove", NONE, S), call("lmove", L, L),
    call("lmove", L, "m", None), call("lmove", L, "m", "UP", None), call("rpoplpush", None, L),
]  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: f"{quirk[0]}{quirk[1]}{quirk[2] or ''}")
def test_quirks(pair: Pair, quirk: tuple[str, tuple[Any, ...], dict[str, Any]]) -> None:
    method, args, kwargs = quirk
    pair.both(lambda side: side.rpush("l", *"abcabc"))
    pair.call("set", "s", "text")
    pair.call(method, *args, **kwargs)
    pair.compare_state()


@pytest.mark.parametrize(
    "change",
    [
        call("ltrim", "l", 0, -1), call("ltrim", "l", 5, 9), call("ltrim", "none", 0, 1),
        call("lset", "l", 0, "a"), call("lrem", "l", 0, "z"), call("lrem", "l", 0, "a"),
        call("linsert", "l", "BEFORE", "z", "y"), call("linsert", "l", "BEFORE", "a", "y"),
        call("lpop", "l", 0), call("lpop", "l", 1), call("rpop", "l"), call("lpushx", "none", "x"),
        call("lpushx", "l", "x"), call("lmove", "l", "l", "LEFT", "LEFT"), call("lmove", "none", "l"),
        call("lmove", "m", "l"), call("lmove", "l", "m"), call("lmpop", 2, "none", "l", direction="LEFT"),
        call("lmpop", 2, "m", "l", direction="LEFT"), call("lmove", "l", "s"), call("lrange", "l", 0, 1),
        call("blpop", ["m", "l"]), call("blpop", ["none", "l"]), call("rpush", "none", "x"),
    ],
    ids=lambda change: f"{change[0]}{change[1]}",
)  # fmt: skip
@pytest.mark.parametrize("watched", ["l", "none"])
def test_what_breaks_a_watch(pair: Pair, watched: str, change: tuple[str, Any, dict[str, Any]]) -> None:
    method, args, kwargs = change

    def watch(side: Any) -> Any:
        with side.pipeline() as pipe:
            pipe.watch(watched)
            ask(lambda: getattr(side, method)(*args, **kwargs))
            pipe.multi()
            pipe.llen("l")
            return pipe.execute()

    pair.both(lambda side: side.rpush("l", *"abc"))
    pair.both(lambda side: side.rpush("m", "1"))
    pair.call("set", "s", "text")
    pair.both(watch)


# --- waiting -------------------------------------------------------------------------------------------


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.0005)


class Side:
    """One of the two that are compared: calls that block run in threads of their own."""

    def __init__(self, main: Any, client: Callable[[], Any], count_blocked: Callable[[], int]) -> None:
        self.main = main
        self.client = client
        self.count_blocked = count_blocked
        self.threads: list[threading.Thread] = []
        self.answers: dict[int, Any] = {}

    def start(self, step: Step) -> None:
        """Make the call in a thread, and come back when it waits or is done."""
        number, client = len(self.threads), self.client()

        def run() -> None:
            try:
                self.answers[number] = getattr(client, step.method)(*step.args, **step.kwargs)
            except Exception as error:
                self.answers[number] = error

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()
        self.settle()

    def settle(self) -> None:
        until(lambda: self.count_blocked() + len(self.answers) == len(self.threads))

    def act(self, steps: list[Step]) -> Any:
        """The steps as one transaction, and the answers when all who were served have theirs."""
        with self.main.pipeline() as pipe:
            for step in steps:
                getattr(pipe, step.method)(*step.args, **step.kwargs)
            answers = pipe.execute(raise_on_error=False)
        self.settle()
        return answers

    def join(self) -> None:
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()


def count_parked(store: Store[Any]) -> int:
    with store._shared.lock:
        return len({id(waiter) for line in store._lines.values() for waiter in line})


@dataclass
class Race:
    """The same calls wait on both sides, the same transactions serve them; the answers must be the same."""

    oracle: Oracle
    pair: Pair

    def __post_init__(self) -> None:
        self.pair.reset()
        control, store = self.pair.redis, self.pair.store
        self.clients: list[Any] = []

        def client() -> Any:
            self.clients.append(self.oracle.client(socket_timeout=20))
            return self.clients[-1]

        self.redis = Side(control, client, lambda: control.info("clients")["blocked_clients"])
        self.store = Side(store, lambda: store, lambda: count_parked(store))

    def run(self, waiting: list[Step], acts: list[list[Step]], before: Iterable[Step] = ()) -> dict[int, Any]:
        """The answers of those who waited, by their number."""
        for each in before:
            each.run(self.pair)
        for step in waiting:
            for side in (self.redis, self.store):
                side.start(step)
            self.compare(f"once {step} waits")
        for act in acts:
            theirs, own = self.redis.act(act), self.store.act(act)
            assert same(theirs, own), f"{act}: {theirs} and {own}"
            self.compare(f"after {act}")
        answers = dict(self.redis.answers)
        self.pair.advance(1000)
        for side in (self.redis, self.store):
            side.join()
        self.compare("in the end")
        for each in self.clients:
            each.close()
        assert self.pair.store._lines == {}
        return answers

    def compare(self, when: str) -> None:
        assert same(dict(sorted(self.redis.answers.items())), dict(sorted(self.store.answers.items()))), (
            f"{when}: redis {self.redis.answers}, kvlite {self.store.answers}"
        )
        self.pair.compare_state()


@pytest.fixture
def race(oracle: Oracle, pair: Pair) -> Race:
    return Race(oracle, pair)


def step(method: str, *args: Any, **kwargs: Any) -> Step:
    return Step(method, args, kwargs)


TIME = 100
RACES: dict[str, tuple[list[Step], list[list[Step]], dict[int, Any]]] = {
    "first come, first served": (
        [
            step("blpop", "k", TIME), step("brpop", "k", TIME),
            step("blmpop", TIME, 1, "k", direction="LEFT", count=2), step("blpop", "k", TIME),
        ],
        [[step("rpush", "k", *"abcdef")]],
        {0: (b"k", b"a"), 1: (b"k", b"f"), 2: [b"k", [b"b", b"c"]], 3: (b"k", b"d")},
    ),
    "keys in the order of their birth": (
        [step("blpop", ["a", "b"], TIME)],
        [[step("rpush", "b", 1), step("rpush", "a", 2)]],
        {0: (b"b", b"1")},
    ),
    "a key that was born twice keeps its place": (
        [step("blpop", ["a", "b"], TIME)],
        [[step("rpush", "b", 1), step("delete", "b"), step("rpush", "a", 2), step("rpush", "b", 3)]],
        {0: (b"b", b"3")},
    ),
    "born and emptied": (
        [step("blpop", "a", TIME)],
        [[step("rpush", "a", 1), step("delete", "a")], [step("rpush", "a", 1), step("blpop", "a")]],
        {},
    ),
    "born dead": ([step("blpop", "a", TIME)], [[step("rpush", "a", 1), step("pexpire", "a", -1)]], {}),
    "a chain": (
        [step("blmove", "a", "b", TIME), step("blmove", "b", "c", TIME), step("blpop", "c", TIME)],
        [[step("rpush", "a", "v")]],
        {0: b"v", 1: b"v", 2: (b"c", b"v")},
    ),
    "a circle": (
        [step("blmove", "a", "b", TIME), step("blmove", "b", "a", TIME)],
        [[step("rpush", "a", "v")]],
        {0: b"v", 1: b"v"},
    ),
    "source and destination are one": (
        [step("blmove", "a", "a", TIME), step("brpoplpush", "a", "a", TIME), step("blpop", "a", TIME)],
        [[step("rpush", "a", "v")]],
        {0: b"v", 1: b"v", 2: (b"a", b"v")},
    ),
    "the same key twice": (
        [step("blpop", ["a", "a"], TIME), step("blpop", "a", TIME)],
        [[step("rpush", "a", "v", "w")]],
        {0: (b"a", b"v"), 1: (b"a", b"w")},
    ),
    "another type is born": (
        [step("blpop", "a", TIME)],
        [[step("set", "a", "text")], [step("delete", "a")], [step("rpush", "a", 1)]],
        {0: (b"a", b"1")},
    ),
    "lists and sorted sets": (
        [step("bzpopmin", "a", TIME), step("blpop", "a", TIME)],
        [[step("rpush", "a", "v")], [step("zadd", "a", {"m": 1})]],
        {0: (b"a", b"m", 1.0), 1: (b"a", b"v")},
    ),
    "renamed and copied": (
        [step("blpop", "a", TIME), step("blpop", "b", TIME)],
        [[step("rpush", "x", 1, 2)], [step("copy", "x", "b")], [step("rename", "x", "a")]],
        {0: (b"a", b"1"), 1: (b"b", b"1")},
    ),
    "sorted into": (
        [step("blpop", "a", TIME)],
        [[step("rpush", "x", 3, 1, 2), step("sort", "x", store="a")]],
        {0: (b"a", b"1")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RACES)
def test_who_is_served(race: Race, name: str) -> None:
    waiting, acts, expected = RACES[name]
    assert race.run(waiting, acts) == expected


def test_a_destination_of_another_type(race: Race) -> None:
    """The waiter gets the error, the element stays for the next one."""
    waiting = [step("blmove", "k", "s", TIME), step("blpop", "k", TIME)]
    answers = race.run(waiting, [[step("set", "s", "text")], [step("rpush", "k", "v")]])
    assert "WRONGTYPE" in str(answers[0])
    assert answers[1] == (b"k", b"v")


KEYS = st.sampled_from(["a", "b", "c"])
SOME_KEYS = st.lists(KEYS, min_size=1, max_size=3)
LEFT_RIGHT = st.sampled_from(["LEFT", "RIGHT"])
WAITING = st.one_of(
    st.builds(lambda keys: step("blpop", keys, TIME), SOME_KEYS),
    st.builds(lambda keys: step("brpop", keys, TIME), SOME_KEYS),
    st.builds(lambda a, b, e, f: step("blmove", a, b, TIME, e, f), KEYS, KEYS, LEFT_RIGHT, LEFT_RIGHT),
    st.builds(
        lambda keys, end, count: step("blmpop", TIME, len(keys), *keys, direction=end, count=count),
        SOME_KEYS,
        LEFT_RIGHT,
        st.integers(1, 2),
    ),
)
SERVING = st.one_of(
    st.builds(lambda key, count: step("rpush", key, *"vwxyz"[:count]), KEYS, st.integers(1, 4)),
    st.builds(lambda key: step("lpush", key, "l"), KEYS),
    st.builds(lambda key: step("delete", key), KEYS),
    st.builds(lambda key: step("set", key, "text"), KEYS),
    st.builds(lambda a, b: step("lmove", a, b), KEYS, KEYS),
    st.builds(lambda a, b: step("rename", a, b), KEYS, KEYS),
    st.builds(lambda key: step("blpop", key), KEYS),
)


@settings(max_examples=150)
@given(
    st.lists(WAITING, min_size=1, max_size=4),
    st.lists(st.lists(SERVING, min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_any_race_ends_alike(oracle: Oracle, pair: Pair, waiting: list[Step], acts: list[list[Step]]) -> None:
    Race(oracle, pair).run(waiting, acts)


@pytest.fixture(autouse=True)
def _nobody_is_left_waiting(oracle: Oracle) -> Iterator[None]:
    yield
    with oracle.client() as client:
        assert client.info("clients")["blocked_clients"] == 0
