"""Streams and consumer groups answer as redis-server does: every command, random histories."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import (
    START_MS,
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
    time_passes,
    values,
)

from kvlite.redis import Redis

ODD_IDS = st.sampled_from(
    [
        *(
            "-",
            "+",
            "(1",
            "$",
            ">",
            "",
            "1-",
            "-1",
            "1-1-1",
            "1.0",
            " 1",
            "+1",
            "01-01",
            "1--05",
            "1\0x",
            "(-",
        ),
        *("18446744073709551615", "18446744073709551615-18446744073709551615", "18446744073709551616"),
        *(
            "1-18446744073709551615",
            "1-18446744073709551616",
            "0-0",
            "0",
            "0-1",
            "1-*",
            "*-1",
            "x",
            "9" * 130,
        ),
        *("(0-0", "(18446744073709551615-18446744073709551615", "0-*", "5-18446744073709551615"),
    ]
)
SMALL_IDS = st.sampled_from(
    [1, "1", "2-1", "2-2", "3", "4-0", b"5-1", "6", f"{START_MS}", f"{START_MS}-1", "1-0"]
)
IDS = mostly(SMALL_IDS, st.one_of(ODD_IDS, ints(), bad_values()), 8)
NEW_IDS = mostly(
    st.sampled_from(["*", "*", "*", "1-*", "2-*", "3-*", "1", "2-1", "2-2", "3-0", "4-1", "5", "7-*"]), IDS, 8
)
BOUNDS = mostly(st.sampled_from(["-", "+", "(2-1", "(3", "2", "(1-0", "0"]), IDS, 3)
FIELDS = st.dictionaries(
    st.sampled_from(["a", "b", "c", b"a"]),
    mostly(st.sampled_from(["x", 1, "10"]), values()),
    min_size=0,
    max_size=3,
).filter(bool)
FIELDS = mostly(st.sampled_from([{"a": 1}, {"a": 2}, {"a": 1, "b": 2}]), FIELDS, 3)
COUNTS = mostly(st.integers(1, 4), st.one_of(ints(), int_texts(), bad_values()), 8)
LENGTHS = mostly(st.integers(0, 6), st.one_of(ints(), int_texts()), 8)
LIMITS = mostly(st.integers(0, 250), ints(), 8)
FLAGS = mostly(st.booleans(), st.sampled_from([0, 1, None, "x"]), 8)
GROUPS = st.sampled_from(["g", "g", "h", b"g", "\xe9"])
CONSUMERS = st.sampled_from(["c", "c", "d", "e", ""])
IDLES = mostly(st.sampled_from([0, 1, 100, 1000]), st.one_of(ints(), int_texts()), 8)
TIMES = mostly(st.sampled_from([START_MS, START_MS - 500, START_MS + 10**6, 0, -1]), ints(), 6)
READ_COUNTS = mostly(st.integers(-1, 6), st.one_of(ints(), int_texts()), 8)
POSITIONS = mostly(st.sampled_from(["0", "$", "1", "2-1", 0]), IDS, 4)
GROUP_POSITIONS = mostly(st.sampled_from([">", ">", ">", "0", "0", "2-1"]), IDS, 8)
STREAMS = st.dictionaries(keys(), POSITIONS, min_size=1, max_size=2)
GROUP_STREAMS = st.dictionaries(keys(), GROUP_POSITIONS, min_size=1, max_size=2)
POLICIES = st.sampled_from(["KEEPREF", "ACKED", "x", None])

WRITES = [
    command(
        "xadd",
        keys(),
        FIELDS,
        id=NEW_IDS,
        maxlen=LENGTHS,
        minid=IDS,
        approximate=FLAGS,
        nomkstream=FLAGS,
        limit=LIMITS,
    ).weighing(8),
    command("xadd", keys(), FIELDS, NEW_IDS).weighing(6),
    command(
        "xadd", keys(), mostly(FIELDS, bad_values()), ref_policy=POLICIES, idmpauto="p", idmp=("p", b"i")
    ),
    command("xdel", keys(), many(IDS, 0, 3)).weighing(4),
    command("xtrim", keys(), maxlen=LENGTHS, approximate=FLAGS, limit=LIMITS, ref_policy=POLICIES),
    command("xtrim", keys(), minid=IDS, approximate=FLAGS, limit=LIMITS),
    command("xtrim", keys(), maxlen=LENGTHS, minid=IDS).always(approximate=False),
]
GROUP_WRITES = [
    command("xgroup_create", keys(), GROUPS, id=POSITIONS, mkstream=FLAGS, entries_read=READ_COUNTS).weighing(
        3
    ),
    command("xgroup_create", keys(), GROUPS, 0, True).weighing(3),
    command("xgroup_setid", keys(), GROUPS, mostly(POSITIONS, BOUNDS), entries_read=READ_COUNTS),
    command("xgroup_destroy", keys(), GROUPS),
    command("xgroup_createconsumer", keys(), GROUPS, CONSUMERS),
    command("xgroup_delconsumer", keys(), GROUPS, CONSUMERS),
    command(
        "xreadgroup",
        GROUPS,
        CONSUMERS,
        GROUP_STREAMS,
        count=COUNTS,
        noack=FLAGS,
        claim_min_idle_time=IDLES,
    ).weighing(6),
    command("xack", keys(), GROUPS, many(IDS, 0, 3)).weighing(2),
    command(
        "xclaim",
        keys(),
        GROUPS,
        CONSUMERS,
        IDLES,
        mostly(st.lists(IDS, max_size=3), bad_values()),
        idle=IDLES,
        time=TIMES,
        retrycount=READ_COUNTS,
        force=FLAGS,
        justid=FLAGS,
    ).weighing(4),
    command("xautoclaim", keys(), GROUPS, CONSUMERS, IDLES, BOUNDS, count=COUNTS, justid=FLAGS).weighing(3),
]
READS = [
    command("xlen", keys()),
    command("xrange", keys(), min=BOUNDS, max=BOUNDS, count=COUNTS).weighing(2),
    command("xrevrange", keys(), max=BOUNDS, min=BOUNDS, count=COUNTS).weighing(2),
    command("xread", mostly(STREAMS, bad_values()), count=COUNTS, max_count=COUNTS, max_size=COUNTS).weighing(
        2
    ),
    command("xpending", keys(), GROUPS),
    command(
        "xpending_range", keys(), GROUPS, BOUNDS, BOUNDS, COUNTS, consumername=CONSUMERS, idle=IDLES
    ).weighing(2),
    command("xpending_range", keys(), GROUPS, None, None, None, consumername=CONSUMERS, idle=IDLES),
    command("xinfo_stream", keys(), full=FLAGS),
    command("xinfo_groups", keys()),
    command("xinfo_consumers", keys(), GROUPS),
]
OTHERS = [
    command("set", keys(), "text"),
    command("delete", keys()),
    command("rename", keys(), keys()),
    command("copy", keys(), keys(), replace=True),
    command("object", "encoding", keys()),
    command("type", keys()),
    command("pexpire", keys(), st.sampled_from([500, 1000])),
    time_passes(st.sampled_from([0.001, 0.1, 0.5, 1])).weighing(2),
]


@given(histories(*WRITES, *READS, *OTHERS))
def test_streams_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


@pytest.mark.parametrize(("entries", "size"), [(3, 4096), (2, 0), (0, 60), (1, 1), (4, 75)])
@settings(max_examples=settings().max_examples // 5)
@given(steps=histories(*WRITES, *READS, *OTHERS))
def test_nodes_are_cut_as_redis_cuts_them(pair: Pair, entries: int, size: int, steps: list[Step]) -> None:
    run_history(LimitedPair(pair.oracle, entries, size), steps)


class LimitedPair(Pair):
    """A pair whose nodes have few entries or bytes."""

    def __init__(self, oracle: Oracle, entries: int, size: int) -> None:
        self._limits = {"stream-node-max-entries": entries, "stream-node-max-bytes": size}
        super().__init__(oracle)

    def reset(self) -> None:
        super().reset()
        for name, value in self._limits.items():
            self.redis.config_set(name, value)
            self.store._shared.limits.set(name, value)


@given(histories(*WRITES, *GROUP_WRITES, *READS, *OTHERS))
def test_consumer_groups_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


class DumpedPair(Pair):
    """A pair whose streams must have the same payloads, and go on from what the other side has dumped."""

    def compare_state(self) -> None:
        super().compare_state()
        for key in self.store.keys("*"):
            if self.store.type(key) == b"stream":
                theirs, own = self.redis.dump(key), self.store.dump(key)
                assert theirs == own, f"{theirs!r}\n{own!r}"
                for side in (self.redis, self.store):
                    side.restore(key, max(0, side.pttl(key)), own, replace=True)
                assert self.store.dump(key) == own


@settings(max_examples=settings().max_examples // 2)
@given(histories(*WRITES, *GROUP_WRITES, *OTHERS))
def test_payloads_are_those_of_redis(oracle: Oracle, steps: list[Step]) -> None:
    oracle.reset()
    run_history(DumpedPair(oracle), steps)


def test_payloads_with_many_nodes_and_long_texts(pair: Pair) -> None:
    for number in range(350):
        pair.call("xadd", "s", {"number": number, "square": number**2, "text": "abc" * (number % 50)})
        if number % 7 == 0:
            pair.call("xadd", "s", {"other": "x" * number, "large": -(2**40) * number})
    pair.call("xgroup_create", "s", "g", "0")
    pair.call("xreadgroup", "g", "c", {"s": ">"}, 100)
    pair.call("xtrim", "s", 200, approximate=False)
    payload = pair.redis.dump("s")
    assert payload == pair.store.dump("s")
    pair.call("restore", "t", 0, payload)
    pair.call("xinfo_stream", "t")
    pair.compare_state()


@pytest.mark.parametrize(
    "change",
    [
        ("xadd", "s", {"a": 1}), ("xadd", "s", {"a": 1}, "1"), ("xdel", "s", "1"), ("xdel", "s", "9"),
        ("xadd", "none", {"a": 1}, "*", None, True, True), ("xtrim", "s", 1, False), ("xtrim", "s", 9, False),
        ("xtrim", "s", 1), ("execute_command", "XSETID", "s", "9"), ("xrange", "s"), ("xread", {"s": 0}),
        ("xgroup_create", "s", "h"), ("xgroup_create", "none", "h", "$", True), ("xgroup_setid", "s", "g", 0),
        ("xgroup_destroy", "s", "g"), ("xgroup_createconsumer", "s", "g", "d"),
        ("xgroup_delconsumer", "s", "g", "c"), ("xreadgroup", "g", "c", {"s": ">"}),
        ("xreadgroup", "g", "d", {"s": ">"}, 1, None, True), ("xreadgroup", "g", "c", {"s": 0}),
        ("xack", "s", "g", "1"), ("xclaim", "s", "g", "d", 0, ["1"]), ("xautoclaim", "s", "g", "d", 0),
        ("xclaim", "s", "g", "d", 0, ["9"]), ("xpending", "s", "g"), ("xinfo_stream", "s"),
        ("sort", "s"), ("append", "s", "x"), ("get", "s"), ("xadd", "t", {"a": 1}), ("xread", {"t": 0}),
        ("xgroup_create", "t", "g"), ("xack", "t", "g", 1), ("xlen", "t"), ("xinfo_stream", "t"),
        ("xreadgroup", "g", "c", {"t": ">"}), ("scan", 0, None, None, "stream"), ("type", "s"),
    ],
    ids=lambda change: "-".join(map(str, change)),
)  # fmt: skip
@pytest.mark.parametrize("watched", ["s", "none"])
def test_what_breaks_a_watch(pair: Pair, watched: str, change: tuple[Any, ...]) -> None:
    """Reading in a group is no change to a stream."""
    method, *args = change

    def watch(side: Any) -> Any:
        with side.pipeline() as pipe:
            pipe.watch(watched)
            if method == "execute_command":
                side = pair.redis if side is pair.redis else Redis(pair.store)
            answer = ask(lambda: getattr(side, method)(*args))
            pipe.multi()
            pipe.xlen("s")
            return answer.value, str(answer.error), pipe.execute()

    for number in range(1, 4):
        pair.call("xadd", "s", {"a": number}, number)
    pair.call("xgroup_create", "s", "g", 0)
    pair.call("xreadgroup", "g", "c", {"s": ">"}, 2)
    pair.call("set", "t", "text")
    pair.both(watch)
    pair.compare_state()
