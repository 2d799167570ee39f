"""Sorted sets: what a comparison with a server cannot see."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, assert_type

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kvlite import DataError, ManualClock, ResponseError, Store
from kvlite.structs.dense import Dense
from kvlite.structs.sorted_set import (
    Ones,
    SortedSet,
    difference,
    intersection,
    intersection_size,
    union,
)
from kvlite.types.sorted_set_arguments import ByRank, Range, lex_range, score_range

INF = float("inf")


@pytest.fixture
def store() -> Store[bytes]:
    return Store(seed=1)


def value_of(store: Store[bytes], key: bytes) -> SortedSet:
    value = store._db.data[key]
    assert isinstance(value, SortedSet)
    return value


# The structure

names = st.one_of(st.integers(0, 160).map(lambda number: b"%d" % number), st.just(b"x" * 65))
numbers = st.one_of(st.sampled_from([0.0, -0.0, 1.0, 2.0, INF, -INF, 5e-324]), st.floats(allow_nan=False))


class Model(RuleBasedStateMachine):
    """A SortedSet beside a dict that is sorted for every question."""

    def __init__(self) -> None:
        super().__init__()
        self.value = SortedSet()
        self.scores: dict[bytes, float] = {}
        self.was_large = False

    @property
    def entries(self) -> list[tuple[float, bytes]]:
        return sorted((score, member) for member, score in self.scores.items())

    @rule(member=names, score=numbers)
    def put(self, member: bytes, score: float) -> None:
        self.value.put(member, score)
        self.scores[member] = score

    @rule(scores=st.dictionaries(names, numbers, max_size=60))
    def update(self, scores: dict[bytes, float]) -> None:
        self.value.update(scores)
        self.scores.update(scores)

    @precondition(lambda self: self.scores)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        most = data.draw(st.sampled_from([1, 3, 1000]))
        gone = data.draw(st.lists(st.sampled_from(sorted(self.scores)), max_size=most, unique=True))
        self.value.remove(gone)
        for member in gone:
            del self.scores[member]

    @rule()
    def copy(self) -> None:
        original, self.value = self.value, self.value.copy()
        assert self.value.small == original.small
        original.update({b"only there": 1.0})
        assert b"only there" not in self.value.scores

    @rule()
    def reload(self) -> None:
        self.value = SortedSet.load(self.value.dump())
        self.was_large = not self.value.small

    @rule(low=numbers, high=st.one_of(st.none(), numbers))
    def ask_for_scores(self, low: float, high: float | None) -> None:
        found = self.value.entries_between(*self.value.span_of_scores(low, high))
        assert found == [each for each in self.entries if low <= each[0] and (high is None or each[0] < high)]

    @rule(low=names, high=st.one_of(st.none(), names))
    def ask_for_members_of_equal_scores(self, low: bytes, high: bytes | None) -> None:
        flat = SortedSet(dict.fromkeys(self.scores, 1.0))
        expected = [name for name in sorted(self.scores) if low <= name and (high is None or name < high)]
        for backward in (False, True):
            found = flat.entries_between(*flat.span_of_members(low, high, backward))
            assert [member for _, member in found] == expected

    @rule(low=names, high=st.one_of(st.none(), names), backward=st.booleans())
    def ask_for_members_of_any_scores(self, low: bytes, high: bytes | None, backward: bool) -> None:
        start, stop = self.value.span_of_members(low, high, backward)
        assert 0 <= start <= stop <= len(self.scores)

    @rule(member=names)
    def ask_for_a_rank(self, member: bytes) -> None:
        rank = self.value.rank(member)
        if member in self.scores:
            assert rank == self.entries.index((self.scores[member], member))
        else:
            assert rank is None

    @rule(start=st.integers(0, 200), stop=st.integers(0, 200), reverse=st.booleans())
    def ask_for_a_slice(self, start: int, stop: int, reverse: bool) -> None:
        expected = self.entries[start:stop]
        assert self.value.entries_between(start, stop, reverse) == (expected[::-1] if reverse else expected)

    @rule(count=st.integers(1, 50))
    def scan(self, count: int) -> None:
        cursor, seen = self.value.scan(0, count)
        while cursor:
            cursor, more = self.value.scan(cursor, count)
            seen += more
        assert sorted(seen) == self.entries

    @invariant()
    def agrees(self) -> None:
        self.value._check()
        assert len(self.value) == len(self.scores)
        assert self.value.scores == self.scores
        large = len(self.scores) > 128 or any(len(member) > 64 for member in self.scores)
        self.was_large = self.was_large or large
        assert self.value.small is not self.was_large


TestModel = Model.TestCase


@given(st.lists(st.dictionaries(st.sampled_from(b"abcd"), st.sampled_from([1.0, -2.0, 0.5])), min_size=1))
def test_combinations_are_those_of_sets(drawn: list[dict[int, float]]) -> None:
    sources = [{b"%d" % name: score for name, score in each.items()} for each in drawn]
    weights = [float(place) for place in range(len(sources))]
    sets = [set(each) for each in sources]
    assert set(union(sources, weights, b"SUM")) == set.union(*sets)
    assert set(intersection(sources, weights, b"MAX")) == set.intersection(*sets)
    assert set(difference(sources, weights, b"SUM")) == sets[0].difference(*sets[1:])
    size = len(set.intersection(*sets))
    assert intersection_size(sources, 0) == size
    assert intersection_size(sources, 2) == min(2, size)


class Counting(dict[bytes, float]):
    """Scores that count how often they are looked into."""

    looks = 0

    def get(self, member: bytes, default: Any = None) -> Any:
        type(self).looks += 1
        return super().get(member, default)


def test_an_intersection_looks_for_the_members_of_the_smallest_only() -> None:
    Counting.looks = 0
    large = Counting({b"%d" % number: 1.0 for number in range(1000)})
    intersection([large, Ones(Dense([b"1", b"2", b"x"])), large], [1, 1, 1], b"SUM")
    assert Counting.looks <= 6
    Counting.looks = 0
    assert intersection_size([large, large], 5) == 5
    assert Counting.looks == 5
    assert intersection_size([large, Ones(Dense([b"1", b"x"]))], 0) == 1
    assert Counting.looks == 7


# Ranges as they are read


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (b"-inf", b"+inf", b"abcde"),
        (b"(-inf", b"(inf", b"bcd"),
        (b"inf", b"inf", b"e"),
        (b"(inf", b"inf", b""),
        (b"-inf", b"-inf", b"a"),
        (b"-inf", b"(-inf", b""),
        (b"0", b"(5e-324", b"b"),
        (b"(0", b"5e-324", b"c"),
        (b"-0", b"0", b"b"),
        (b"1", b"0", b""),
        (b"(1.7976931348623157e308", b"inf", b"e"),
        (b"1.7976931348623157e308", b"(inf", b"d"),
    ],
)
def test_ends_of_scores(low: bytes, high: bytes, expected: bytes) -> None:
    scores = [-INF, 0.0, 5e-324, 1.7976931348623157e308, INF]
    value = SortedSet({b"abcde"[place : place + 1]: score for place, score in enumerate(scores)})
    found = Range(score_range(low, high)).entries(value)
    assert b"".join(member for _, member in found) == expected


def test_ends_of_members() -> None:
    value = SortedSet(dict.fromkeys([b"", b"a", b"a\0", b"b"], 0.0))

    def members(low: bytes, high: bytes) -> list[bytes]:
        return [member for _, member in Range(lex_range(low, high)).entries(value)]

    assert members(b"-", b"+") == [b"", b"a", b"a\0", b"b"]
    assert members(b"(a", b"[b") == [b"a\0", b"b"]
    assert members(b"[a", b"(b") == [b"a", b"a\0"]
    assert members(b"[a", b"[a") == [b"a"]
    assert members(b"(", b"[a") == [b"a"]
    assert members(b"[", b"(a") == [b""]
    assert members(b"+", b"-") == []


# Large sets

LARGE = 1000


def test_a_set_grows_once_past_128_members(store: Store[bytes]) -> None:
    store.zadd("z", {str(number): number for number in range(128)})
    assert value_of(store, b"z").small
    store.zadd("z", {"one more": 1})
    assert not value_of(store, b"z").small
    store.zremrangebyrank("z", 3, -1)
    assert not value_of(store, b"z").small
    store.zunionstore("z", ["z"])
    assert value_of(store, b"z").small


def test_members_by_letter_in_a_large_set_of_mixed_scores(store: Store[bytes]) -> None:
    """Redis's answer hangs on its random levels; here it is some run of the order, found in O(log n)."""
    store.zadd("z", {f"m{number:04}": number % 7 for number in range(LARGE)})
    order = store.zrange("z", 0, -1)
    found = store.zrangebylex("z", "[m0100", "(m0200")
    start = order.index(found[0]) if found else 0
    assert found == order[start : start + len(found)]
    assert store.zrangebylex("z", "-", "+") == order


def test_large_ranges_in_both_directions(store: Store[bytes]) -> None:
    names = [f"m{number:04}".encode() for number in range(LARGE)]
    store.zadd("z", dict.fromkeys(reversed(names), 0))
    assert store.zrange("z", 990, -1) == names[990:]
    assert store.zrevrange("z", 0, 4) == names[:-6:-1]
    assert store.zrangebylex("z", "[m0500", "+", 2, 3) == names[502:505]
    assert store.zrevrangebylex("z", "(m0500", "-", 2, 3) == [names[497], names[496], names[495]]
    assert store.zlexcount("z", "(m0010", "[m0020") == 10
    assert store.zrank("z", "m0777") == 777
    assert store.zrevrank("z", "m0777") == 222


@pytest.mark.parametrize("size", [5, LARGE])
def test_random_members(store: Store[bytes], size: int) -> None:
    members = {b"%d" % number for number in range(size)}
    store.zadd("z", {member: int(member) for member in members})
    different = store.zrandmember("z", size - 2)
    assert len(set(different)) == size - 2
    assert set(different) < members
    assert sorted(store.zrandmember("z", size + 10)) == sorted(members)
    assert len(store.zrandmember("z", -3 * size)) == 3 * size
    assert set(store.zrandmember("z", -20 * size)) <= members
    pairs = store.zrandmember("z", -4, withscores=True)
    assert [int(member) for member in pairs[::2]] == [float(text) for text in pairs[1::2]]
    counts = Counter(store.zrandmember("z") for _ in range(200))
    assert len(counts) > (4 if size == 5 else 100)


def test_picks_follow_the_seed() -> None:
    picks = []
    for _ in range(2):
        store = Store(seed=7)
        store.zadd("z", {str(number): number for number in range(LARGE)})
        picks.append([store.zrandmember("z"), store.zrandmember("z", 5), store.zrandmember("z", -5)])
    assert picks[0] == picks[1]


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_a_scan_gives_whatever_stays(seed: int, count: int) -> None:
    chance = random.Random(seed)
    store = Store()
    names = [b"%d" % number for number in range(200)]
    store.zadd("z", dict.fromkeys(names, 0))
    staying = set(chance.sample(names, 50))
    coming = [b"new%d" % number for number in range(300)]
    going = [name for name in names if name not in staying]
    cursor, seen = 0, set()
    while True:
        cursor, page = store.zscan("z", cursor, count=count)
        seen |= {member for member, _ in page}
        assert len(page) <= count
        if not cursor:
            break
        for _ in range(chance.randrange(6)):
            if going and chance.random() < 0.5:
                store.zrem("z", going.pop(chance.randrange(len(going))))
            elif coming:
                store.zadd("z", {coming.pop(): chance.random()})
            else:
                store.zincrby("z", 1, chance.choice(sorted(staying)))
    assert staying <= seen


# Costs: how many Python-level steps a call takes, whatever the size


def steps(call: Any) -> int:
    """The lines run for a call."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.zadd("z", {"500": 7.5}),
        lambda store: store.zrank("z", "300"),
        lambda store: store.zrange("z", 200, 205),
        lambda store: store.zrangebyscore("z", 300, 305),
        lambda store: store.zrandmember("z", -3),
        lambda store: store.zscan("z", 400),
        lambda store: store.zpopmin("z", 3),
        lambda store: store.zpopmax("z"),
        lambda store: store.zcount("z", 5, 900),
        lambda store: store.zremrangebyrank("z", 7, 9),
    ],
)
def test_cost_hardly_grows_with_size(call: Any) -> None:
    taken = []
    for size in (1_000, 64_000):
        store = Store()
        store.zadd("z", {str(number): number for number in range(size)})
        store.zrank("z", "10")  # builds the index of ranks
        taken.append(steps(partial(call, store)))
    assert taken[1] < 3 * taken[0] + 200


# Halves: what only the wire can say


def test_a_member_twice_in_one_call(store: Store[bytes]) -> None:
    assert store._zadd(b"z", [(b"a", 1.0), (b"a", 2.0)]) == (1, 1)
    assert store.zscore("z", "a") == 2
    assert store._zadd(b"z", [(b"a", 3.0), (b"a", 2.0), (b"a", 2.0)]) == (0, 2)
    assert store._zadd(b"z", [(b"a", 9.0), (b"b", 1.0), (b"b", 5.0)], nx=True) == (1, 0)
    assert store.zrange("z", 0, -1, withscores=True) == [(b"b", 1.0), (b"a", 2.0)]
    assert store._zrem(b"z", [b"a", b"a", b"b"]) == 2
    assert not store.exists("z")


def test_rank_with_score_is_as_in_redis_7_2(store: Store[bytes]) -> None:
    store.zadd("z", {"a": 1, "b": 2.5, "c": 3})
    assert store.zrank("z", "b", withscore=True) == [1, 2.5]
    assert store.zrevrank("z", "a", withscore=True, score_cast_func=lambda text: text) == [2, b"1"]
    assert store.zrank("z", "x", withscore=True) is None
    assert store.zrank("n", "x", withscore=True) is None


# Errors change nothing, and only changes are effects


class Changes:
    """An observer that notes the keys that are about to change."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    def changing(self, store: Any, key: bytes) -> None:
        self.keys.append(key)

    def emptying(self, store: Any) -> None:
        raise AssertionError

    def swapping(self, store: Any, other: Any) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("call", "changed"),
    [
        (lambda store: store.zadd("z", {"a": 1}), []),
        (lambda store: store.zadd("z", {"a": -1}, gt=True), []),
        (lambda store: store.zadd("z", {"a": 5}, nx=True), []),
        (lambda store: store.zadd("n", {"a": 5}, xx=True), []),
        (lambda store: store.zincrby("z", 0, "a"), []),
        (lambda store: store.zrem("z", "x"), []),
        (lambda store: store.zremrangebyscore("z", 100, 200), []),
        (lambda store: store.zpopmin("z", 0), []),
        (lambda store: store.zpopmin("n"), []),
        (lambda store: store.zrangestore("n", "z", 5, 9), []),
        (lambda store: store.zinterstore("n", ["z", "q"]), []),
        (lambda store: store.zadd("z", {"a": "x", "b": 5}), ResponseError),
        (lambda store: store.zadd("z", {"b": 5, "a": None}), DataError),
        (lambda store: store.zadd("z", {"i": -INF}, incr=True), ResponseError),
        (lambda store: store.zmpop(2, ["n", "str", "z"], min=True), ResponseError),
        (lambda store: store.zunionstore("z", ["z", "str"]), ResponseError),
        (lambda store: store.zunionstore("z", {"z": "x"}), ResponseError),
        (lambda store: store.zrangestore("z", "str", 0, 1), ResponseError),
        (lambda store: store.zadd("z", {"a": 2}), [b"z"]),
        (lambda store: store.zadd("z", {"a": 2, "new": 3}), [b"z"]),
        (lambda store: store.zrem("z", "a", "b", "x"), [b"z"]),
        (lambda store: store.zpopmax("z", 3), [b"z"]),
        (lambda store: store.zunionstore("n", ["z"]), [b"n"]),
        (lambda store: store.zdiffstore("str", ["z", "z"]), [b"str"]),
        (lambda store: store.zmpop(2, ["n", "z"], min=True), [b"z"]),
    ],
)
def test_what_counts_as_a_change(store: Store[bytes], call: Any, changed: Any) -> None:
    store.zadd("z", {"a": 1, "b": 2, "i": INF})
    store.set("str", "v")
    before = store.zrange("z", 0, -1, withscores=True)
    seen = Changes()
    store._shared.observe(seen)
    if isinstance(changed, type):
        with pytest.raises(changed):
            call(store)
        changed = []
    else:
        call(store)
    assert seen.keys == changed
    if not changed:
        assert store.zrange("z", 0, -1, withscores=True) == before
    store._db._check()


def test_a_dead_set_is_no_set() -> None:
    clock = ManualClock()
    store = Store(clock=clock)
    store.zadd("z", {"a": 1})
    store.expire("z", 10)
    assert store.zscore("z", "a") == 1
    store.advance(10)
    assert store.zscore("z", "a") is None
    assert store.zcard("z") == 0
    assert store.zadd("z", {"b": 1}) == 1
    assert store.ttl("z") == -1
    store.expire("z", 10)
    store.zunionstore("z", ["z"])
    assert store.ttl("z") == -1


# Waiting


def test_waiting_ends_without_a_trace() -> None:
    store = Store()
    assert store.bzpopmin("z", 0.01) is None
    assert store.bzpopmax(["z", "y"], 0.01) is None
    assert store.bzmpop(0.01, 2, ["z", "y"], min=True) is None
    assert not store._lines
    assert not store._db.data


def test_waiters_are_served_in_order() -> None:
    store = Store()
    got: list[Any] = []
    threads = []
    calls = [
        lambda: store.bzpopmin("z", 5),
        lambda: store.bzpopmax(["other", "z"], 5),
        lambda: store.bzmpop(5, 1, ["z"], min=True, count=2),
    ]
    for place, call in enumerate(calls):
        thread = threading.Thread(target=lambda place=place, call=call: got.append((place, call())))
        thread.start()
        threads.append(thread)
        while sum(map(len, store._lines.values())) < [1, 3, 4][place]:
            time.sleep(0.001)
    store.zadd("z", {"a": 1, "b": 2, "c": 3, "d": 4})
    for thread in threads:
        thread.join()
    assert sorted(got) == [
        (0, (b"z", b"a", 1.0)),
        (1, (b"z", b"d", 4.0)),
        (2, [b"z", [[b"b", b"2"], [b"c", b"3"]]]),
    ]
    assert not store._lines
    assert not store._db.data


def test_every_member_is_taken_once() -> None:
    store = Store()
    taken: list[bytes] = []

    def take() -> None:
        while (found := store.bzpopmin(["z", "y"], 5)) is not None and found[1] != b"end":
            taken.append(found[1])

    takers = [threading.Thread(target=take) for _ in range(4)]
    for thread in takers:
        thread.start()

    def give(name: str) -> None:
        for number in range(300):
            store.zadd(name, {f"{name}{number}": number})

    givers = [threading.Thread(target=give, args=(name,)) for name in "zy"]
    for thread in givers:
        thread.start()
    for thread in givers:
        thread.join()
    for place in range(4):
        while store.zcard("z"):
            time.sleep(0.001)
        store.zadd("z", {"end": INF})
        while sum(thread.is_alive() for thread in takers) > 3 - place:
            time.sleep(0.001)
    for thread in takers:
        thread.join()
    assert sorted(taken) == sorted(f"{name}{number}".encode() for name in "zy" for number in range(300))


def test_threads_add_up() -> None:
    store = Store()

    def count() -> None:
        for number in range(500):
            store.zincrby("z", 1, str(number % 7))
            store.zadd("z", {"all": 1}, incr=True)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.zscore("z", "all") == 4000
    assert sum(score for member, score in store.zscan_iter("z") if member != b"all") == 4000
    value_of(store, b"z")._check()


def test_readers_without_the_lock_see_all_of_a_change_or_nothing() -> None:
    interval = sys.getswitchinterval()
    store = Store()
    names = [str(number) for number in range(400)]
    done = threading.Event()
    torn: list[Any] = []

    def watch() -> None:
        while not done.is_set():
            first = store.zscore("z", names[0])
            last = store.zscore("z", names[-1])
            size = store.zcard("z")
            # The scores of one ZADD are equal and grow from one to the next.
            if first is not None and last is not None and last < first:
                torn.append((first, last))
            if size not in (0, 1, 401):
                torn.append(size)

    thread = threading.Thread(target=watch)
    thread.start()
    sys.setswitchinterval(1e-6)
    try:
        store.zadd("z", {"stays": 0})
        for number in range(200):
            store.zadd("z", dict.fromkeys(names, 2 * number))
            store.zadd("z", dict.fromkeys(names, 2 * number + 1))
            store.zrem("z", *names)
    finally:
        sys.setswitchinterval(interval)
        done.set()
        thread.join()
    assert torn == []


# Types


def test_types() -> None:
    store, texts = Store(), Store(decode_responses=True)
    flag = bool(store.zadd("z", {"a": 1}))
    assert_type(store.zadd("z", {"a": 1}), int)
    assert_type(store.zadd("z", {"a": 1}, incr=True), float | None)
    assert_type(store.zadd("z", {"a": 1}, incr=flag), int | float | None)
    assert_type(store.zscore("z", "a"), float | None)
    assert_type(store.zmscore("z", ["a"]), list[float | None])
    assert_type(store.zincrby("z", 1, "a"), float)
    assert_type(store.zrank("z", "a"), int | None)
    assert_type(store.zrank("z", "a", True), list[int | float] | None)
    assert_type(texts.zrange("z", 0, -1), list[str])
    assert_type(store.zrange("z", 0, -1, withscores=True), list[tuple[bytes, float]])
    assert_type(texts.zrange("z", 0, -1, withscores=True, score_cast_func=int), list[tuple[str, int]])
    assert_type(store.zrange("z", 0, -1, withscores=flag), list[bytes] | list[tuple[bytes, float]])
    assert_type(store.zrevrange("z", 0, -1, True), list[tuple[bytes, float]])
    assert_type(texts.zrangebyscore("z", 0, 1), list[str])
    assert_type(texts.zrevrangebyscore("z", 1, 0, withscores=True), list[tuple[str, float]])
    assert_type(store.zrangebylex("z", "-", "+"), list[bytes])
    assert_type(store.zunion(["z"]), list[bytes])
    assert_type(store.zunion(["z"], withscores=True, score_cast_func=str), list[tuple[bytes, str]])
    assert_type(texts.zinter({"z": 1}, withscores=True), list[tuple[str, float]])
    assert_type(texts.zdiff(["z"]), list[str])
    assert_type(texts.zdiff(["z"], withscores=flag), list[str | bytes])
    assert_type(store.zrandmember("z"), bytes | None)
    assert_type(texts.zrandmember("z", 2), list[str])
    assert_type(texts.zrandmember("z", 2, True), list[str | bytes])
    assert_type(store.zscan("z"), tuple[int, list[tuple[bytes, float]]])
    assert_type(store.zscan("z", score_cast_func=int), tuple[int, list[tuple[bytes, int]]])
    assert_type(texts.zscan_iter("z"), Iterator[tuple[str, float]])
    assert_type(store.zpopmin("z"), list[tuple[bytes, float]])
    assert_type(texts.bzpopmin("n", 0.001), tuple[str, str, float] | None)
    assert_type(store.zmpop(1, ["z"], min=True), list[bytes | list[list[bytes]]] | None)
    assert list(islice(texts.zscan_iter("z"), 1)) == []


def test_the_ranks_of_a_range_may_be_anything() -> None:
    value = SortedSet({b"a": 1.0, b"b": 2.0})
    for first in (-(2**63), -3, -2, -1, 0, 1, 2, 2**63 - 1):
        for last in (-(2**63), -3, -2, -1, 0, 1, 2, 2**63 - 1):
            start, stop = first + 2 if first < 0 else first, last + 2 if last < 0 else last
            expected = [] if stop < 0 else value.entries_between(0, 2)[max(start, 0) : stop + 1]
            assert Range(ByRank(first, last)).entries(value) == expected
