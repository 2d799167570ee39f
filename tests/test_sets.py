"""Sets: what an oracle cannot see: the structure, costs, picks, threads, and what counts as a change."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from random import Random
from typing import Any, assert_type

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kvlite import DataError, ManualClock, ResponseError, Store
from kvlite.effects import Observer
from kvlite.structs.dense import Dense
from kvlite.structs.limits import DEFAULTS
from kvlite.structs.set import Set
from kvlite.types.sets import parse_sintercard

START = 1_700_000_000_123


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock(START), seed=1, record_accesses=False)


def fill(store: Store[bytes], key: str, size: int) -> list[bytes]:
    members = [b"m%d" % number for number in range(size)]
    store.sadd(key, *members)
    return members


def held(store: Store[Any], key: bytes) -> Set:
    value = store._db.data[key]
    assert isinstance(value, Set)
    return value


# --- the structure -------------------------------------------------------------------------------------

MEMBERS = [b"a", b"", b"01", *(b"%d" % number for number in range(-3, 8))]
MAX_INTEGERS = DEFAULTS.set_max_intset_entries
MANY = [b"%d" % number for number in range(100, 100 + MAX_INTEGERS)]


class SetMachine(RuleBasedStateMachine):
    """A Set beside a set of Python and the rule by which Redis keeps integers in order."""

    def __init__(self) -> None:
        super().__init__()
        self.own = Set()
        self.model: set[bytes] = set()
        self.integers = True

    def note(self) -> None:
        self.integers = self.integers and is_intset(self.model)

    @rule(member=st.sampled_from(MEMBERS))
    def add(self, member: bytes) -> None:
        assert self.own.add(member) is (member not in self.model)
        self.model.add(member)
        self.note()

    @rule(start=st.integers(0, 9), size=st.sampled_from([1, 5, MAX_INTEGERS]))
    def add_new(self, start: int, size: int) -> None:
        new = [member for member in MANY[start : start + size] if member not in self.model]
        self.own.add_new(new)
        self.model.update(new)
        self.note()

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        member = data.draw(st.sampled_from(sorted(self.model)[:10]))
        self.own.remove(member)
        self.model.remove(member)

    @rule(member=st.sampled_from(MEMBERS))
    def discard(self, member: bytes) -> None:
        assert self.own.discard(member) is (member in self.model)
        self.model.discard(member)

    @rule(left=st.integers(0, 20))
    def remove_many(self, left: int) -> None:
        for member in sorted(self.model)[left:]:
            self.own.remove(member)
            self.model.remove(member)

    @rule()
    def copy(self) -> None:
        copy = self.own.copy()
        self.own.discard(b"a")
        self.own.add(b"not in the copy")
        self.own = copy

    @rule()
    def dump_and_load(self) -> None:
        self.own = Set.load(self.own.dump())
        self.integers = is_intset(self.model)

    @rule(members=st.lists(st.sampled_from(MEMBERS)))
    def make(self, members: list[bytes]) -> None:
        self.own = Set(members)
        self.model = set(members)
        self.integers = is_intset(self.model)

    @rule(count=st.integers(1, 40))
    def scan(self, count: int) -> None:
        seen: list[bytes] = []
        cursor, calls = 0, 0
        while cursor or not calls:
            cursor, page = self.own.scan(cursor, count)
            seen += page
            calls += 1
            assert self.integers or len(page) <= count
        assert sorted(seen) == sorted(self.model)

    @rule(count=st.integers(0, 12), seed=st.integers(0, 9))
    def pick(self, count: int, seed: int) -> None:
        random = Random(seed)
        sample = self.own.sample(random, count)
        assert len(sample) == len(set(sample)) == min(count, len(self.model))
        if self.model:
            assert {self.own.choose(random), *self.own.choices(random, count), *sample} <= self.model

    @invariant()
    def same(self) -> None:
        self.own._check()
        assert set(self.own) == self.model
        assert len(self.own) == len(self.model)
        assert self.own.integers is self.integers
        if self.integers:
            assert self.own.members() == sorted(self.model, key=int)


def is_intset(members: set[bytes]) -> bool:
    return len(members) <= MAX_INTEGERS and not members & {b"a", b"", b"01", b"not in the copy"}


TestSet = SetMachine.TestCase
TestSet.settings = settings(max_examples=40, stateful_step_count=25)


# --- scans ---------------------------------------------------------------------------------------------

CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=12)


@given(
    stay=st.sets(st.integers(0, 40), max_size=25),
    others=st.sets(st.integers(0, 40), max_size=25),
    counts=st.lists(st.integers(1, 9), min_size=1),
    changes=st.lists(CHANGES, min_size=1, max_size=20),
    seed=st.integers(0, 3),
)
@pytest.mark.parametrize("kind", ["Dense", "SSCAN of a set", "SSCAN of integers that become others"])
def test_a_scan_misses_nothing_that_stays(
    kind: str,
    stay: set[int],
    others: set[int],
    counts: list[int],
    changes: list[list[tuple[bool, int]]],
    seed: int,
) -> None:
    """Members come and go between the calls; those that are there throughout are all returned."""
    dense = Dense() if kind == "Dense" else Set()
    integers = kind.endswith("others")

    def name(number: int) -> bytes:
        return b"%d" % number if integers else b"m%d" % number

    members = [name(number) for number in stay | others]
    Random(seed).shuffle(members)
    for member in members:
        dense.add(member)
    steadfast = {name(number) for number in stay}
    seen: set[bytes] = set()
    cursor = step = 0
    while cursor or not step:
        cursor, page = dense.scan(cursor, counts[step % len(counts)])
        seen.update(page)
        for adds, number in changes[step % len(changes)]:
            if adds:
                dense.add(name(number) if not integers or number % 9 else b"x")
            elif name(number) not in steadfast:
                dense.discard(name(number))
        dense._check()
        step += 1
        assert step < 200, "it goes on for ever"
    assert steadfast <= seen


def test_a_scan_through_the_store_misses_nothing_that_stays(store: Store[bytes]) -> None:
    random = Random(3)
    members = fill(store, "k", 2000)
    stay = set(members[::3])
    seen: set[bytes] = set()
    cursor, calls = 0, 0
    while cursor or not calls:
        cursor, page = store.sscan("k", cursor, count=20)
        assert len(page) <= 20
        seen.update(page)
        calls += 1
        store.srem("k", *random.sample([each for each in members if each not in stay], 30))
        store.sadd("k", f"new{calls}")
    assert stay <= seen


def test_a_scan_looks_at_no_more_than_it_was_told(store: Store[bytes]) -> None:
    fill(store, "k", 100)
    cursor, page = store.sscan("k", count=7)
    assert (cursor, len(page)) == (93, 7)
    assert store.sscan("k", match="none", count=7) == (93, [])
    assert store.sscan("k", 7, count=7)[0] == 0
    assert store.sscan("k", 2**64 - 1, count=7)[1] == page


def test_a_scan_goes_on_after_a_rollback(store: Store[bytes]) -> None:
    members = fill(store, "k", 200)
    store.srem("k", *members[:50])
    cursor, page = store.sscan("k", count=100)
    with contextlib.suppress(ZeroDivisionError), store.atomic():
        store.sadd("k", "m1")
        raise ZeroDivisionError
    seen = set(page)
    while cursor:
        cursor, page = store.sscan("k", cursor, count=100)
        seen.update(page)
    assert seen == set(members[50:])


# --- picks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("integers", [False, True])
def test_picks_are_even(integers: bool) -> None:
    store = Store(seed=7)
    store.sadd("k", *(number if integers else f"m{number}" for number in range(5)))
    one = Counter(store.srandmember("k") for _ in range(1000))
    many = Counter(store.srandmember("k", -1000))
    several = Counter(frozenset(store.srandmember("k", 2)) for _ in range(2000))
    popped: Counter[bytes | None] = Counter()
    for _ in range(1000):
        member = store.spop("k")
        popped[member] += 1
        store.sadd("k", member or b"")
    counters: list[tuple[Counter[Any], int]] = [(one, 5), (many, 5), (several, 10), (popped, 5)]
    for counts, kinds in counters:
        assert len(counts) == kinds
        assert all(140 < count < 260 for count in counts.values())
    assert set(several) == {frozenset(pair) for pair in combinations(store.smembers("k"), 2)}


def picks(seed: int) -> list[Any]:
    """Picks from stored sets as well: their order must not hang on how Python hashes bytes."""
    store = Store(seed=seed)
    fill(store, "a", 100)
    store.sadd("b", *(f"m{number}" for number in range(50, 150)))
    found: list[Any] = []
    for combine in (store.sinterstore, store.sunionstore, store.sdiffstore):
        combine("c", "a", "b")
        found += [store.srandmember("c"), store.srandmember("c", 3), store.spop("c"), store.spop("c", 4)]
        found.append(store.srandmember("c", -4))
    return found


def test_picks_are_reproducible() -> None:
    assert picks(5) == picks(5) != picks(6)


def test_stored_sets_have_the_order_of_their_sources(store: Store[bytes]) -> None:
    members = fill(store, "a", 100)
    more = [b"x%d" % number for number in range(100)]
    store.sadd("b", *more, *members[20:30])
    store.sunionstore("c", "a", "b")
    assert held(store, b"c").items == members + more
    store.sinterstore("c", "b", "a")
    assert held(store, b"c").items == members[20:30]
    store.sdiffstore("c", "a", "b")
    assert held(store, b"c").items == members[:20] + members[30:]


# --- costs ---------------------------------------------------------------------------------------------


class Counting(bytes):
    """A member that counts how often it is looked for."""

    looks = 0

    def __hash__(self) -> int:
        Counting.looks += 1
        return super().__hash__()


@pytest.fixture
def looks(store: Store[bytes]) -> Callable[[Callable[[], Any]], int]:
    """How many members of the small, the middle or the large set are looked for in a call."""
    for key, size in [(b"small", 10), (b"middle", 200), (b"large", 3000)]:
        store._db.add(key, Set([Counting(b"m%d" % number) for number in range(size)]))

    def count(call: Callable[[], Any]) -> int:
        Counting.looks = 0
        call()
        return Counting.looks

    return count


def test_an_intersection_starts_at_the_smallest(
    store: Store[bytes], looks: Callable[[Callable[[], Any]], int]
) -> None:
    assert looks(lambda: store._sinter([b"large", b"middle", b"small"])) <= 20
    assert looks(lambda: store._sinter([b"large", b"missing", b"middle"])) == 0
    assert looks(lambda: store._sintercard([b"large", b"small", b"middle"], 0)) <= 20
    assert looks(lambda: store._sdiff([b"small", b"large", b"middle"])) <= 20


def test_sintercard_stops_at_its_limit(
    store: Store[bytes], looks: Callable[[Callable[[], Any]], int]
) -> None:
    assert looks(lambda: store._sintercard([b"large", b"middle"], 3)) == 3
    assert store.sintercard(2, ["large", "middle"], limit=3) == 3
    assert store.sintercard(2, ["large", "middle"]) == 200


def test_counting_picking_and_scanning_look_for_nothing(
    store: Store[bytes], looks: Callable[[Callable[[], Any]], int]
) -> None:
    assert looks(lambda: store.scard("large")) == 0
    assert looks(lambda: store.srandmember("large")) == 0
    assert looks(lambda: store.srandmember("large", -20)) == 0
    assert looks(lambda: store.sscan("large", count=50)) == 0
    assert looks(lambda: store._spop(b"large")) <= 3
    assert looks(lambda: store._spops(b"large", 10)) <= 60
    assert looks(lambda: store._spops(b"large", 10_000)) == 0


# --- replies and types ---------------------------------------------------------------------------------


def test_types_of_replies(store: Store[bytes]) -> None:
    """For the type checker; at run time only that nothing raises."""
    text = Store(decode_responses=True)
    count: int | None = None
    assert_type(store.sadd("k", 1), int)
    assert_type(store.smembers("k"), set[bytes])
    assert_type(text.smembers("k"), set[str])
    assert_type(store.sinter("k"), set[bytes])
    assert_type(text.sunion(["k"], "l"), set[str])
    assert_type(store.spop("k"), bytes | None)
    assert_type(text.spop("k", 2), list[str])
    assert_type(store.spop("k", count), bytes | list[bytes] | None)
    assert_type(text.srandmember("k"), str | None)
    assert_type(store.srandmember("k", 2), list[bytes])
    assert_type(store.sscan("k"), tuple[int, list[bytes]])
    assert_type(text.sscan_iter("k"), Iterator[str])
    assert_type(store.smove("k", "l", 1), bool)
    assert_type(store.sinterstore("k", "l"), int)


def test_replies_share_nothing_with_the_set(store: Store[bytes]) -> None:
    fill(store, "k", 3)
    store.smembers("k").clear()
    store.srandmember("k", 10).clear()
    store.sscan("k")[1].clear()
    store.sunion("k").clear()
    store.sinter("k").clear()
    assert store.scard("k") == 3
    store.sunionstore("l", "k")
    store.srem("l", "m1")
    assert store.scard("k") == 3
    store._db._check()


@pytest.mark.parametrize(
    ("args", "answer"),
    [
        ([b"1", b"k"], ([b"k"], 0)),
        ([b"2", b"k", b"limit", b"LIMIT", b"3"], ([b"k", b"limit"], 3)),
        ([b"1", b"k", b"LIMIT", b"3", b"Limit", b"0"], ([b"k"], 0)),
        ([b"1", b"k", b"LIMIT"], "syntax error"),
        ([b"1", b"k", b"LIMIT", b"1", b"x"], "syntax error"),
        ([b"1", b"k", b"x", b"1"], "syntax error"),
        ([b"1", b"k", b"LIMIT", b"x"], "LIMIT can't be negative"),
        ([b"01", b"k"], "numkeys should be greater than 0"),
        ([b"2", b"k"], "Number of keys can't be greater than number of args"),
    ],
)
def test_arguments_of_sintercard(args: list[bytes], answer: Any) -> None:
    """As the wire can send them; redis-py always sends a LIMIT."""
    if isinstance(answer, str):
        with pytest.raises(ResponseError, match=f"^{answer}$"):
            parse_sintercard(args)
    else:
        assert parse_sintercard(args) == answer


# --- errors and changes --------------------------------------------------------------------------------

WRONG: list[Callable[[Any], Any]] = [
    lambda s: s.sadd("a"),
    lambda s: s.sadd("string", "x"),
    lambda s: s.sadd("string", "x", "y"),
    lambda s: s.sadd("a", "x", None),
    lambda s: s.srem("a"),
    lambda s: s.srem("string", "x"),
    lambda s: s.srem("a", "m1", True),
    lambda s: s.spop("a", -1),
    lambda s: s.spop("a", "x"),
    lambda s: s.spop("string"),
    lambda s: s.spop("string", 2),
    lambda s: s.smove("a", "string", "m1"),
    lambda s: s.smove("string", "a", "m1"),
    lambda s: s.smove("a", "b", None),
    lambda s: s.sinterstore("a", "a", "string"),
    lambda s: s.sunionstore("a", ["b", "string"]),
    lambda s: s.sdiffstore("a", "b", "string"),
    lambda s: s.sdiffstore("a", []),
    lambda s: s.sintercard(0, ["a"]),
    lambda s: s.sintercard(2, ["a", "b"], -1),
    lambda s: s.smismember("a", []),
    lambda s: s.srandmember("a", -(2**63)),
    lambda s: s.sscan("a", count=0),
    lambda s: s.sscan("a", "x"),
]


@pytest.mark.parametrize("call", WRONG)
def test_a_call_that_raises_changes_nothing(store: Store[bytes], call: Callable[[Any], Any]) -> None:
    store.set("string", "x")
    members = fill(store, "a", 3)
    store.sadd("b", "m1", "x")
    store.expire("a", 5)
    with pytest.raises((ResponseError, DataError)):
        call(store)
    assert held(store, b"a").items == members
    assert held(store, b"b").items == [b"m1", b"x"]
    assert store.pttl("a") == 5000
    assert store.get("string") == b"x"
    store._db._check()


class Log(Observer):
    """The keys that were announced as about to change."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    def changing(self, store: Any, key: bytes) -> None:
        self.keys.append(key)


CHANGING: list[tuple[Callable[[Any], Any], list[bytes]]] = [
    (lambda s: s.sadd("a", "m1"), []),
    (lambda s: s.sadd("a", "m1", "m2", "m1"), []),
    (lambda s: s.sadd("a", "x"), [b"a"]),
    (lambda s: s.sadd("a", "x", "m1", "y", "x"), [b"a"]),
    (lambda s: s.sadd("new", "x", "y"), [b"new"]),
    (lambda s: s.srem("a", "x", "y"), []),
    (lambda s: s.srem("none", "x"), []),
    (lambda s: s.srem("a", "m1", "m2", "x", "m1"), [b"a"]),
    (lambda s: s.srem("a", "m0", "m1", "m2"), [b"a"]),
    (lambda s: s.spop("none"), []),
    (lambda s: s.spop("a", 0), []),
    (lambda s: s.spop("none", 2), []),
    (lambda s: s.spop("a"), [b"a"]),
    (lambda s: s.spop("a", 2), [b"a"]),
    (lambda s: s.spop("a", 9), [b"a"]),
    (lambda s: s.smove("a", "b", "x"), []),
    (lambda s: s.smove("a", "a", "m1"), []),
    (lambda s: s.smove("a", "b", "m1"), [b"a"]),
    (lambda s: s.smove("a", "b", "m2"), [b"a", b"b"]),
    (lambda s: s.sinterstore("none", "a", "nothing"), []),
    (lambda s: s.sinterstore("b", "a", "nothing"), [b"b"]),
    (lambda s: s.sunionstore("new", "a", "b"), [b"new"]),
    (lambda s: s.sdiffstore("a", "a"), [b"a"]),
    (lambda s: [s.smembers("a"), s.srandmember("a", -3), s.sscan("a"), s.sunion("a", "b")], []),
]


@pytest.mark.parametrize("number", range(len(CHANGING)))
def test_what_counts_as_a_change(store: Store[bytes], number: int) -> None:
    call, changed = CHANGING[number]
    fill(store, "a", 3)
    store.sadd("b", "m1")
    log = Log()
    store._shared.observe(log)
    call(store)
    assert log.keys == changed
    store._db._check()


def test_an_empty_set_is_gone(store: Store[bytes]) -> None:
    emptying: list[Callable[[], Any]] = [
        lambda: store.srem("k", "m0", "m1", "m2"),
        lambda: [store.srem("k", "m0"), store.srem("k", "m1", "m2")],
        lambda: store.spop("k", 3),
        lambda: [store.spop("k") for _ in range(3)],
        lambda: [store.smove("k", "l", f"m{number}") for number in range(3)],
        lambda: store.sdiffstore("k", "k", "k"),
    ]
    for empty in emptying:
        fill(store, "k", 3)
        store.expire("k", 100)
        empty()
        assert store.exists("k") == 0
        assert store.sadd("k", "x") == 1
        assert store.ttl("k") == -1
        store.delete("k", "l")
        store._db._check()


def test_a_dead_set_is_not_seen(store: Store[bytes]) -> None:
    fill(store, "a", 3)
    fill(store, "b", 3)
    store.pexpire("a", 1000)
    store.advance(2)
    assert store.sismember("a", "m1") == 0
    assert store.sinter("a", "b") == set()
    assert store.smove("a", "b", "x") is False
    assert store.sadd("a", "m1") == 1
    assert store.smembers("a") == {b"m1"}
    store.pexpire("a", 1000)
    store.advance(2)
    assert store.smove("b", "a", "m2") is True
    assert store.smembers("a") == {b"m2"}
    assert store.ttl("a") == -1


# --- threads -------------------------------------------------------------------------------------------


def in_threads(*works: Callable[[], Any]) -> None:
    errors: list[BaseException] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors


def test_nothing_is_lost_or_doubled_among_threads(store: Store[bytes]) -> None:
    """Members wander between four sets and through the hands of eight threads; all are there in the end."""
    names = ["a", "b", "c", "d"]
    members = fill(store, "a", 400)
    taken: list[list[bytes]] = [[] for _ in range(8)]

    def work(number: int) -> None:
        random = Random(number)
        for _ in range(400):
            one, two = random.sample(names, 2)
            member = store.srandmember(one)
            if member is not None:
                store.smove(one, two, member)
            if random.random() < 0.2:
                taken[number] += store.spop(two, random.randrange(4))
            elif taken[number] and random.random() < 0.3:
                assert store.sadd(one, taken[number].pop()) == 1

    in_threads(*(lambda number=number: work(number) for number in range(8)))
    left = [member for name in names for member in store.smembers(name)]
    assert sorted([*left, *(member for each in taken for member in each)]) == sorted(members)
    store._db._check()


def test_members_come_and_go_together(store: Store[bytes]) -> None:
    many = [f"m{number}" for number in range(200)]
    done = threading.Event()

    def write() -> None:
        for _ in range(300):
            store.sadd("k", *many)
            store.srem("k", *many)
        done.set()

    def read() -> None:
        while not done.is_set():
            assert store.smismember("k", many) in ([0] * 200, [1] * 200)
            assert store.scard("k") in (0, 200)
            assert store.sismember("stays", "x") == 1

    store.sadd("stays", "x")
    in_threads(write, read, read)


def test_a_reader_without_the_lock_asks_again_while_several_members_change(store: Store[bytes]) -> None:
    """In the midst of SADD and SREM of several members the database says that it is busy."""
    busy: list[bool] = []

    class Spy(Set):
        __slots__ = ()

        def add_new(self, *arguments: Any) -> None:
            busy.append(store._db.busy)
            super().add_new(*arguments)

        def remove(self, member: bytes) -> None:
            busy.append(store._db.busy)
            super().remove(member)

    store._db.add(b"k", Spy([b"a", b"b", b"c"]))
    store.sadd("k", "x", "y")
    store.srem("k", "x", "y")
    store.spop("k", 2)
    assert busy == [True] * 5
    assert store._db.busy is False
