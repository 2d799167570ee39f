"""Who waits at a stream is served as redis-server serves: all readers, groups in order, and in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle, Pair, Step
from raw import RawPair
from test_oracle_lists import Race, step

TIME = 900_000
NEW = {"s": ">"}
GROUP = [step("xgroup_create", "s", "g", "$", True)]


def read(streams: dict[str, Any], **options: Any) -> Step:
    return step("xread", streams, block=TIME, **options)


def read_in_group(consumer: str, streams: dict[str, Any] | None = None, **options: Any) -> Step:
    return step("xreadgroup", "g", consumer, streams or NEW, block=TIME, **options)


def add(key: str = "s", id: str = "*", **options: Any) -> Step:
    return step("xadd", key, {"f": "v"}, id, **options)


@pytest.fixture
def race(oracle: Oracle, pair: Pair) -> Race:
    return Race(oracle, pair)


RACES: dict[str, tuple[list[Step], list[Step], list[list[Step]]]] = {
    "all readers get it": ([], [read({"s": "$"}), read({"s": 0}), read({"s": "5-0"})], [[add()], [add()]]),
    "the last id when they came": ([add(id="5")], [read({"s": "$"})], [[add(id="6"), add(id="7")]]),
    "what comes later than one": ([add(id="5")], [read({"s": "7"})], [[add(id="6")], [add(id="7-1")]]),
    "several streams": ([], [read({"s": "$", "t": "$"})], [[add("t"), add("s")]]),
    "a count": ([], [read({"s": "$"}, count=2)], [[add(), add(), add()]]),
    "more than a thousand": ([], [read({"s": "$"})], [[add(id=f"{number + 1}") for number in range(1010)]]),
    "added and removed": ([], [read({"s": "$"})], [[add(id="5"), step("xdel", "s", "5")]]),
    "added and cut": ([], [read({"s": "$"})], [[add(maxlen=0, approximate=False)]]),
    "made empty": ([], [read({"s": "$"})], [GROUP, [add()]]),
    "deleted and made anew": (
        [add(id="5")],
        [read({"s": "$"})],
        [[step("delete", "s")], [add(id="3")], [add(id="6")]],
    ),
    "renamed to it": ([add("t")], [read({"s": 0})], [[step("rename", "t", "s")]]),
    "copied to it": ([add("t")], [read({"s": 0})], [[step("copy", "t", "s")]]),
    "of another type": ([], [read({"s": "$"})], [[step("rpush", "s", 1)], [step("delete", "s")], [add()]]),
    "beside who waits for a list": (
        [],
        [step("blpop", "s", 900), read({"s": "$"})],
        [[add()], [step("delete", "s"), step("rpush", "s", "x")]],
    ),
    "a group, in order": (
        GROUP,
        [read_in_group("a"), read_in_group("b"), read_in_group("a", count=1)],
        [[add()], [add(), add()], [add()]],
    ),
    "a group, one each": (
        GROUP,
        [read_in_group("a", count=1), read_in_group("b", count=1), read_in_group("c", count=1)],
        [[add(), add(), add(), add()]],
    ),
    "a group and readers": (
        GROUP,
        [read({"s": "$"}), read_in_group("a"), read({"s": "$"}), read_in_group("b", noack=True)],
        [[add()], [add()]],
    ),
    "a group that needs no acknowledging": (GROUP, [read_in_group("a", noack=True)], [[add()]]),
    "several streams of a group": (
        [*GROUP, step("xgroup_create", "t", "g", "$", True)],
        [read_in_group("a", {"s": ">", "t": ">"})],
        [[add("t"), add("s")]],
    ),
    "a group that is set back": (
        [*GROUP, add(id="5"), step("xgroup_setid", "s", "g", "$")],
        [read_in_group("a")],
        [[step("xgroup_setid", "s", "g", "0")], [add(id="6")]],
    ),
    "a group that goes": (
        [*GROUP, step("xgroup_create", "s", "h")],
        [read_in_group("a"), read({"s": "$"}), read_in_group("b")],
        [[step("xgroup_destroy", "s", "h")], [step("xgroup_destroy", "s", "g")], [add()]],
    ),
    "a group that goes and comes": (
        GROUP,
        [read_in_group("a")],
        [[step("xgroup_destroy", "s", "g"), step("xgroup_create", "s", "g", "0")], [add()]],
    ),
    "a stream that goes": (GROUP, [read_in_group("a"), read({"s": "$"})], [[step("delete", "s")], [add()]]),
    "a stream that goes and comes": (GROUP, [read_in_group("a")], [[step("delete", "s"), add()]]),
    "overwritten": (GROUP, [read_in_group("a"), read({"s": 0})], [[step("set", "s", "text")]]),
    "overwritten by a list": (GROUP, [read_in_group("a")], [[step("delete", "s"), step("rpush", "s", 1)]]),
    "overwritten by a copy": (
        [*GROUP, step("rpush", "l", 1)],
        [read_in_group("a")],
        [[step("copy", "l", "s", replace=True)]],
    ),
    "overwritten by several": (GROUP, [read_in_group("a")], [[step("mset", {"s": "text"})]]),
    "renamed": (GROUP, [read_in_group("a")], [[step("rename", "s", "t")], [add("t")]]),
    "flushed": (GROUP, [read_in_group("a"), read({"s": "$"})], [[step("flushall")], [add()]]),
    "moved": (GROUP, [read_in_group("a")], [[step("move", "s", 1)]]),
    "swapped": (GROUP, [read_in_group("a")], [[step("swapdb", 0, 1)]]),
    "expired": ([*GROUP, step("pexpire", "s", 1000)], [read_in_group("a")], [[step("pexpire", "s", -1)]]),
}


@pytest.mark.parametrize("name", RACES)
def test_who_is_served(race: Race, name: str) -> None:
    before, waiting, acts = RACES[name]
    race.run(waiting, acts, before)


def test_a_stream_that_expires(race: Race) -> None:
    race.pair.call("xgroup_create", "s", "g", "$", True)
    race.pair.call("pexpire", "s", 5000)
    for each in (read_in_group("a"), read({"s": 0})):
        race.redis.start(each)
        race.store.start(each)
    race.pair.advance(6)
    race.redis.settle()
    race.store.settle()
    race.compare("when the stream is gone")
    assert "UNBLOCKED" in str(race.run([], [])[0])


KEYS = st.sampled_from(["s", "s", "t"])
WAITING = st.one_of(
    st.builds(lambda key, id: read({key: id}), KEYS, st.sampled_from(["$", 0, "3"])),
    st.builds(lambda a, b: read({a: "$", b: 0}, count=1), KEYS, KEYS),
    st.builds(
        lambda consumer, key, noack, count: read_in_group(consumer, {key: ">"}, noack=noack, count=count),
        st.sampled_from("ab"),
        KEYS,
        st.booleans(),
        st.sampled_from([None, 1, 2]),
    ),
    st.builds(lambda: read_in_group("c", {"s": ">", "t": ">"})),
    st.builds(lambda key: step("blpop", key, 900), KEYS),
)
SERVING = st.one_of(
    st.builds(add, KEYS),
    st.builds(add, KEYS),
    st.builds(lambda key: add(key, maxlen=1, approximate=False), KEYS),
    st.builds(lambda key: step("xdel", key, "1700000000123-0", "1700000000123-1"), KEYS),
    st.builds(lambda key, id: step("xgroup_create", key, "g", id, True), KEYS, st.sampled_from(["$", 0])),
    st.builds(lambda key, id: step("xgroup_setid", key, "g", id), KEYS, st.sampled_from(["$", 0])),
    st.builds(lambda key: step("xgroup_destroy", key, "g"), KEYS),
    st.builds(lambda key: step("xreadgroup", "g", "z", {key: ">"}, count=1), KEYS),
    st.builds(lambda key: step("delete", key), KEYS),
    st.builds(lambda key: step("set", key, "text"), KEYS),
    st.builds(lambda key: step("rpush", key, 1), KEYS),
    st.builds(lambda a, b: step("rename", a, b), KEYS, KEYS),
)


@settings(max_examples=settings().max_examples)
@given(
    st.lists(SERVING, max_size=4),
    st.lists(WAITING, min_size=1, max_size=4),
    st.lists(st.lists(SERVING, min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_any_race_ends_alike(
    oracle: Oracle, pair: Pair, before: list[Step], waiting: list[Step], acts: list[list[Step]]
) -> None:
    groups = [step("xgroup_create", key, "g", "$", True) for key in "st"]
    Race(oracle, pair).run(waiting, acts, [*groups, *before])


def test_who_may_not_wait(raw: RawPair) -> None:
    raw.ask("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    for words in (
        ["XREAD", "BLOCK", 0, "STREAMS", "s", "$"],
        ["XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">"],
        ["XREAD", "STREAMS", "s", "0"],
    ):
        raw.ask("MULTI")
        raw.ask(*words)
        raw.ask("EXEC")
        raw.ask("EVAL", "return redis.pcall(unpack(ARGV))", 0, *words)
        raw.ask("EVAL", "redis.setresp(3) return redis.pcall(unpack(ARGV))", 0, *words)
    raw.ask("XADD", "s", "5-1", "a", "b")
    for words in (["XREAD", "STREAMS", "s", "0"], ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"]):
        raw.ask("EVAL", "return redis.call(unpack(ARGV))", 0, *words)
    raw.ask("EVAL", "redis.setresp(3) return redis.call('XREAD', 'STREAMS', 's', '0')", 0)


@pytest.mark.parametrize("block", ["0x1", "-1", "x", "", "1.5", "9223372036854775808", "9223372036854775807"])
def test_how_long(raw: RawPair, block: str) -> None:
    raw.ask("XADD", "s", "5-1", "a", "b")
    raw.ask("XREAD", "BLOCK", block, "STREAMS", "s", "0")


def test_a_client_is_unblocked(raw: RawPair) -> None:
    wire, socket = raw.connect()
    for side in (wire, socket):
        side.send(b"*6\r\n$5\r\nXREAD\r\n$5\r\nBLOCK\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n$\r\n")
    number = 0
    while not number:
        number = raw.oracle._control.info("clients")["blocked_clients"]
    raw.ask("XADD", "s", "5-1", "a", "b")
    assert wire.reply() == socket.reply()


@pytest.fixture(autouse=True)
def _nobody_is_left_waiting(oracle: Oracle) -> Iterator[None]:
    yield
    with oracle.client() as client:
        assert client.info("clients")["blocked_clients"] == 0
