"""Streams: the structure beneath, ids that only grow, what is kept, and readers at every door."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from raw import Wire, decoded

from kvlite import AsyncStore, ManualClock, ResponseError, Store
from kvlite.redis import Redis
from kvlite.structs.consumer_group import Consumer, Group
from kvlite.structs.limits import Limits
from kvlite.structs.pending_list import Pending, PendingList
from kvlite.structs.stream import Stream, Trim
from kvlite.structs.stream_id import LARGEST, pack_ids, show_id, unpack_ids
from kvlite.types.stream_information import count_nodes

# --- the structure -------------------------------------------------------------------------------------

FIELDS = st.sampled_from([(b"a",), (b"a", b"b"), (b"b",), (b"a", b"a", b"c")])
FEW = Limits()
FEW.set("stream-node-max-entries", 4)


class Streams(RuleBasedStateMachine):
    """A stream does what a dict of entries does, in blocks of four."""

    def __init__(self) -> None:
        super().__init__()
        self.own = Stream()
        self.model: dict[int, tuple[tuple[bytes, ...], list[bytes]]] = {}
        self.copies: list[tuple[Stream, Any]] = []

    @rule(step=st.sampled_from([1, 2, 5, 1 << 64, 3 << 64]), fields=FIELDS)
    def append(self, step: int, fields: tuple[bytes, ...]) -> None:
        id, values = self.own.last_id + step, [b"%d" % number for number in range(len(fields))]
        self.own.append(id, fields, values, FEW)
        self.model[id] = fields, values

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if self.model:
            id = data.draw(st.sampled_from(sorted(self.model)))
            self.own.remove(id)
            del self.model[id]

    @rule(data=st.data(), exact=st.booleans())
    def trim(self, data: st.DataObject, exact: bool) -> None:
        upto = self.own.cut(Trim(data.draw(st.integers(0, 12)), approximate=not exact))
        if upto is not None:
            gone = [id for id in self.model if id <= upto]
            assert self.own.trim(upto) == len(gone)
            for id in gone:
                del self.model[id]

    @rule(data=st.data())
    def cut_before(self, data: st.DataObject) -> None:
        if self.model:
            minid = data.draw(st.sampled_from(sorted(self.model)))
            upto = self.own.cut(Trim(None, minid))
            if upto is not None:
                self.own.trim(upto)
            self.model = {id: entry for id, entry in self.model.items() if id >= minid}

    @rule()
    def copy(self) -> None:
        self.copies.append((self.own.copy(), self.own.dump()))

    @rule()
    def swap(self) -> None:
        """Go on with a copy: the original stays what it was."""
        copy = self.own.copy()
        self.copies.append((self.own, self.own.dump()))
        self.own = copy

    @rule()
    def load(self) -> None:
        self.own = Stream.load(self.own.dump())

    @rule(data=st.data(), count=st.integers(0, 5), reverse=st.booleans())
    def read(self, data: st.DataObject, count: int, reverse: bool) -> None:
        ends = st.sampled_from([0, LARGEST, *self.model, *(id + 1 for id in self.model)])
        first, last = data.draw(ends), data.draw(ends)
        ids = sorted((id for id in self.model if first <= id <= last), reverse=reverse)
        wanted = [(id, *self.model[id]) for id in (ids[:count] if count else ids)]
        assert self.own.range(first, last, count, reverse) == wanted

    @invariant()
    def the_same(self) -> None:
        self.own._check()
        ids = list(self.model)
        assert [entry[0] for entry in self.own.range(0, LARGEST)] == ids
        assert (self.own.first_id, self.own.top_id) == ((ids[0], ids[-1]) if ids else (0, 0))
        assert all(self.own.entry(id) == (id, *self.model[id]) for id in ids)
        for copy, dump in self.copies:
            assert copy.dump() == dump


TestStreams = Streams.TestCase


def test_a_copy_costs_its_blocks_alone() -> None:
    stream = Stream()
    for number in range(5000):
        stream.append(number + 1, (b"f",), [b"%d" % number])
    copy = stream.copy()
    assert all(one is other for one, other in zip(stream.blocks, copy.blocks, strict=True))
    copy.remove(1)
    assert stream.entry(1) is not None
    assert sum(one is other for one, other in zip(stream.blocks, copy.blocks, strict=True)) == 49


TEXTS = st.one_of(
    st.binary(max_size=30),
    st.integers(-(1 << 63), 1 << 63).map(b"%d".__mod__),
    st.integers(0, 9000).map(bytes),
)


@given(
    st.lists(st.tuples(st.sampled_from([0, 0, 1, 200, 1 << 24]), st.lists(TEXTS, min_size=1, max_size=2))),
    st.sampled_from([(100, 4096), (3, 4096), (100, 150), (0, 4096), (100, 0)]),
)
def test_the_shorter_way_to_append_fills_blocks_alike(
    steps: list[tuple[int, list[bytes]]], nodes: tuple[int, int]
) -> None:
    limits, quick, plain, ms = Limits(), Stream(), Stream(), 1
    limits.stream_node_max_entries, limits.stream_node_max_bytes = nodes
    for later, values in steps:
        ms += later
        fields = (b"field", b"other")[: len(values)]
        id = quick.append_next(ms, fields, values, sum(map(len, values)), limits)
        plain.append(quick.last_id, fields, values, limits)
        assert id == show_id(plain.last_id)
        quick._check()
    assert quick.dump() == plain.dump()


@pytest.mark.parametrize("width", [1, 2, 3, 4, 16, 17])
@pytest.mark.parametrize("removed", [0, 130])
def test_entries_are_shown_alike_however_many_fields_they_have(width: int, removed: int) -> None:
    stream, fields = Stream(), tuple(b"f%d" % number for number in range(width))
    for id in range(1, 300):
        stream.append(id << 64 | id % 7, fields, [b"%d" % (id * number) for number in range(width)])
    if removed:
        stream.remove(removed << 64 | removed % 7)
    for first, last, count in [
        (0, LARGEST, 0),
        (50 << 64, 260 << 64, 0),
        (120 << 64, LARGEST, 20),
        (0, 1, 5),
    ] * 2:
        for reverse in (False, True):
            entries = stream.range(first, last, count, reverse)
            assert stream.documents(first, last, count, reverse) == [
                (show_id(id), dict(zip(fields, values, strict=True))) for id, fields, values in entries
            ]
            assert stream.listed(first, last, count, reverse) == [
                (show_id(id), [half for pair in zip(fields, values, strict=True) for half in pair])
                for id, fields, values in entries
            ]
    stream._check()


@pytest.mark.parametrize("fields", [1, 2, 3, 5])
def test_memory(fields: int) -> None:
    """Against a list of ids with dicts; also once all was read, and the texts of ids are kept."""

    def measure(make: Callable[[int], object]) -> int:
        tracemalloc.start()
        kept = [make(number) for number in range(3000)]
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del kept
        return size

    names = [f"field:{number}" for number in range(fields)]
    encoded = [name.encode() for name in names]
    store: Store[bytes] = Store(clock=ManualClock())

    def text(number: int) -> bytes:
        return b"value %d" % number

    plain = measure(lambda number: (b"17000000%05d-0" % number, {name: text(number) for name in encoded}))
    ours = measure(lambda number: store.xadd("s", {name: text(number) for name in names}) and None)
    read = measure(lambda number: None if number else store.xrange("s") and None)
    assert ours + read < 0.6 * plain


@given(st.lists(st.integers(0, LARGEST)))
def test_ids_as_bytes(ids: list[int]) -> None:
    assert unpack_ids(pack_ids(ids)) == ids


@pytest.mark.parametrize("packed", [b"x", b"x" * 17, None, [], 5])
def test_ids_that_are_none(packed: Any) -> None:
    with pytest.raises(ValueError, match="ids that are none"):
        unpack_ids(packed)


IDS = pack_ids([5, 0])
ONE = [pack_ids([5]), [b"f"], [b"v"], 0, [], {}]


def test_a_good_dump() -> None:
    assert (
        Stream.load([IDS, 1, [ONE], {b"g": [pack_ids([5]), -1, {b"c": [7, pack_ids([5]), [1], [2]]}]}]).length
        == 1
    )


@pytest.mark.parametrize(
    "dump",
    [
        None, [], [IDS, 1, [ONE]], [IDS[:16], 1, [], {}], [IDS, -1, [], {}], [IDS, "1", [], {}],
        [IDS, 1 << 64, [], {}],
        [IDS, 1, [ONE, ONE], {}], [pack_ids([4, 0]), 1, [ONE], {}], [IDS, 1, [ONE[:5]], {}],
        [IDS, 1, [[b"", *ONE[1:]]], {}], [IDS, 1, [[pack_ids([5, 5]), *ONE[1:]]], {}],
        [IDS, 1, [[pack_ids([5, 4]), [b"f"], [b"v", b"v"], 0, [], {}]], {}],
        [IDS, 1, [[ONE[0], ["f"], *ONE[2:]]], {}],
        [IDS, 1, [[*ONE[:2], [b"v", b"w"], *ONE[3:]]], {}], [IDS, 1, [[*ONE[:2], [], *ONE[3:]]], {}],
        [IDS, 1, [[*ONE[:2], [1], *ONE[3:]]], {}], [IDS, 1, [[*ONE[:3], 2, [], {}]], {}],
        [IDS, 1, [[*ONE[:3], -1, [], {}]], {}], [IDS, 1, [[*ONE[:3], 0, [0], {}]], {}],
        [IDS, 1, [[*ONE[:3], 0, [1], {}]], {}], [IDS, 1, [[*ONE[:3], 0, [], {1: [b"f"]}]], {}],
        [IDS, 1, [[*ONE[:3], 0, [], {0: "f"}]], {}], [IDS, 1, [], {"g": [pack_ids([5]), 0, {}]}],
        [IDS, 1, [], {b"g": [IDS, 0, {}]}], [IDS, 1, [], {b"g": [pack_ids([5]), None, {}]}],
        [IDS, 1, [], {b"g": [pack_ids([5]), 0, {"c": [0, b"", [], []]}]}],
        [IDS, 1, [], {b"g": [pack_ids([5]), 0, {b"c": [0, IDS, [1], [1, 1]]}]}],
        [IDS, 1, [], {b"g": [pack_ids([5]), 0, {b"c": [0, pack_ids([5]), [1.0], [1]]}]}],
        [IDS, 1, [], {b"g": [pack_ids([5]), 0, {n: [0, pack_ids([5]), [1], [1]] for n in (b"c", b"d")}]}],
    ],
)  # fmt: skip
def test_dumps_that_are_none(dump: Any) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError, IndexError)):
        Stream.load(dump)


@given(st.lists(st.tuples(st.sampled_from(["put", "put next", "take", "look"]), st.integers(0, 40))))
def test_pending_entries_are_in_order(steps: list[tuple[str, int]]) -> None:
    pending, model = PendingList(), dict[int, Pending]()
    for what, number in steps:
        if what.startswith("put"):
            id = number if what == "put" else max(model, default=0) + number + 1
            if id not in model:
                model[id] = Pending(Consumer(b"c", 0), 0, 0)
                pending.put(id, model[id])
        elif what == "take" and model:
            id = sorted(model)[number % len(model)]
            del pending[id], model[id]
        elif model:
            assert list(pending.in_order(number, 30)) == sorted(
                (id, held) for id, held in model.items() if number <= id <= 30
            )
            assert (pending.first(), pending.last()) == (min(model), max(model))
    assert pending == model
    pending._check()


def test_what_was_acknowledged_is_passed_over_once() -> None:
    pending = PendingList()
    for id in range(1000):
        pending.put(id, Pending(Consumer(b"c", 0), 0, 0))
    assert pending.last() == 999
    for id in range(400):
        del pending[id]
    assert pending._order is not None
    assert len(pending._order) == 1000
    assert pending.first() == 400
    assert pending._order == list(range(400, 1000))


def test_a_group_knows_who_has_what() -> None:
    group = Group(0, 0)
    group.see(b"a", 1)
    group.see(b"b", 1)
    for id in (1, 2, 3):
        group.assign(b"a", id, 10, 1)
    group.assign(b"b", 2, 20, 2)
    group.acknowledge(3)
    group._check()
    assert {name: list(each.pending) for name, each in group.consumers.items()} == {b"a": [1], b"b": [2]}
    copy = group.copy()
    group.dismiss(b"b")
    group._check()
    assert list(group.pending) == [1]
    assert list(copy.pending) == [1, 2]
    copy._check()


@pytest.mark.parametrize(
    ("ids", "nodes"), [([], 1), ([1], 2), ([1, 2], 4), ([1, 256], 6), ([1, 1 << 127], 5)]
)
def test_nodes_of_a_tree(ids: list[int], nodes: int) -> None:
    assert count_nodes(ids) == nodes


# --- ids -----------------------------------------------------------------------------------------------


def test_ids_grow_when_the_clock_goes_back(tmp_path: Path) -> None:
    clock = ManualClock(5_000)
    with Store(tmp_path / "s.kv", clock=clock) as store:
        assert store.xadd("s", {"a": 1}) == b"5000-0"
        clock.turn_back(1_000)
        assert store.xadd("s", {"a": 1}) == b"5000-1"
        store.xtrim("s", 0, approximate=False)
    with Store(tmp_path / "s.kv", clock=clock) as store:
        assert store.xlen("s") == 0
        assert store.xadd("s", {"a": 1}) == b"5000-2"
        assert store.xdel("s", "5000-2") == 1
        store.compact()
    with Store(tmp_path / "s.kv", clock=clock) as store:
        assert store.xinfo_stream("s")["max-deleted-entry-id"] == b"5000-2"
        assert store.xadd("s", {"a": 1}) == b"5000-3"
        store.xadd("s", {"a": 1}, f"{2**64 - 1}-{2**64 - 1}")
        with pytest.raises(ResponseError, match="exhausted"):
            store.xadd("s", {"a": 1})


@pytest.mark.parametrize("compact", [False, True])
def test_groups_are_kept(tmp_path: Path, compact: bool) -> None:
    clock = ManualClock(5_000)
    with Store(tmp_path / "s.kv", clock=clock) as store:
        for number in range(250):
            store.xadd("s", {"n": number, f"f{number % 3}": ""})
        store.xgroup_create("s", "g", 0)
        store.xreadgroup("g", "a", {"s": ">"}, 200)
        store.xreadgroup("g", "b", {"s": ">"}, 10)
        clock.advance(1)
        store.xautoclaim("s", "g", "b", 0, count=50)
        store.xack("s", "g", "5000-1", "5000-100")
        store.xdel("s", "5000-7", "5000-120")
        before = store._db.data[b"s"].dump(), store.xinfo_stream("s", full=True), store.xpending("s", "g")
        if compact:
            store.compact()
    with Store(tmp_path / "s.kv", clock=clock) as store:
        value: Any = store._db.data[b"s"]
        assert (value.dump(), store.xinfo_stream("s", full=True), store.xpending("s", "g")) == before
        (_, entries), *_ = store.xreadgroup("g", "a", {"s": ">"})
        assert len(entries) == 40


def test_an_atomic_block_is_undone() -> None:
    store: Store[bytes] = Store(clock=ManualClock(5_000))
    for _ in range(150):
        store.xadd("s", {"a": 1})
    store.xgroup_create("s", "g", 0)
    store.xreadgroup("g", "c", {"s": ">"}, 10)
    value: Any = store._db.data[b"s"]
    before = value.dump()
    with pytest.raises(ZeroDivisionError), store.atomic():
        store.xadd("s", {"b": 1}, maxlen=20, approximate=False)
        store.xreadgroup("g", "d", {"s": ">"})
        store.xack("s", "g", "5000-0")
        store.xgroup_destroy("s", "g")
        raise ZeroDivisionError
    value = store._db.data[b"s"]
    value._check()
    assert value.dump() == before


def test_what_it_takes() -> None:
    store: Store[bytes] = Store()
    store.xadd("s", {"a": 1})
    small = store._db.data[b"s"].footprint(0)  # type: ignore[union-attr]
    for number in range(1000):
        store.xadd("s", {"a": number})
    assert store._db.data[b"s"].footprint(5) > small + 1000 * 50  # type: ignore[union-attr]
    store.xgroup_create("s", "g", 0)
    before = store._db.data[b"s"].footprint(5)  # type: ignore[union-attr]
    store.xreadgroup("g", "c", {"s": ">"})
    assert store._db.data[b"s"].footprint(5) > before + 1000 * 50  # type: ignore[union-attr]


# --- doors ---------------------------------------------------------------------------------------------


def test_readers_at_every_door() -> None:
    """A thread, a task, a client in the process and one on the wire wait; an entry comes by the wire."""
    store = Store(decode_responses=True)
    store.xgroup_create("s", "g", mkstream=True)
    found: dict[str, Any] = {}
    client = Redis(store, decode_responses=True)
    waiting: dict[str, Callable[[], Any]] = {
        "store": lambda: store.xread({"s": "$"}, block=60_000),
        "client": lambda: client.xread({"s": "$"}, block=60_000),
        "group": lambda: client.xreadgroup("g", "c", {"s": ">"}, block=60_000),
        "task": lambda: asyncio.run(AsyncStore(store).xread({"s": "$"}, block=60_000)),
    }

    def wait(name: str) -> None:
        found[name] = waiting[name]()

    threads = [threading.Thread(target=wait, args=(name,)) for name in waiting]
    reader, writer = Wire(store), Wire(store)
    reader.ask("XREAD", "BLOCK", 0, "STREAMS", "s", "$")
    for thread in threads:
        thread.start()
    while len(store._lines.get(b"s", ())) < 5:
        threading.Event().wait(0.001)
    assert writer.ask("XADD", "s", "5-1", "f", "v") == b"$3\r\n5-1\r\n"
    for thread in threads:
        thread.join(10)
    assert found == {name: [["s", [("5-1", {"f": "v"})]]] for name in waiting}
    assert decoded(reader.receive()) == [[b"s", [[b"5-1", [b"f", b"v"]]]]]


def test_a_worker_that_is_gone_loses_nothing() -> None:
    """What a client was given that has left is pending at it."""
    store: Store[bytes] = Store()
    store.xgroup_create("s", "g", mkstream=True)
    wire = Wire(store)
    wire.ask("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">")
    store.xadd("s", {"a": 1}, "5-1")
    wire.disconnect()
    assert store.xpending("s", "g")["pending"] == 1


def test_nobody_watches_when_nobody_waits() -> None:
    store: Store[bytes] = Store()
    store.xgroup_create("s", "g", mkstream=True)
    wire = Wire(store)
    assert store._unobserved
    wire.ask("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">")
    assert not store._unobserved
    store.set("s", "text")
    assert wire.receive() == b"-UNBLOCKED the stream key no longer exists\r\n"
    assert store._unobserved


def test_errors_quote_what_was_sent() -> None:
    store: Store[bytes] = Store()
    with pytest.raises(ResponseError, match="NOGROUP No such key '\ufffd a' or consumer group 'g'"):
        store.xpending(b"\xff\na", "g")
    assert b"'\xff a'" in Wire(store).ask("XPENDING", b"\xff\na", "g")


def test_ids_are_shown() -> None:
    assert show_id((1 << 64) * 5 + 3) == b"5-3"


@pytest.mark.parametrize("kept", [False, True])
def test_an_entry_that_is_too_large(kept: bool, tmp_path: Path) -> None:
    """It is refused before anything is changed or recorded."""
    quarter = bytes(1 << 28)
    large = {"a": quarter, "b": quarter, "c": quarter, "d": quarter}
    with Store(tmp_path / "app.kv" if kept else None) as store:
        for before in range(1, 3):
            with pytest.raises(ResponseError, match="^Elements are too large to be stored$"):
                store.xadd("s", large)
            with pytest.raises(ResponseError, match="too large"):
                store.xadd("s", large, id="9-9", maxlen=5)
            assert store.xlen("s") == before - 1
            store.xadd("s", {"a": 1}, id=before)


def test_counts_beyond_64_bits_are_kept(tmp_path: Path) -> None:
    with Store(tmp_path / "app.kv") as store:
        store.xgroup_create("s", "g", 0, mkstream=True, entries_read=2**63 - 1)
        store.xadd("s", {"a": 1})
        ((_, ((id, _),)),) = store.xreadgroup("g", "c", {"s": ">"})
        store.xclaim("s", "g", "c", 0, [id], retrycount=2**63 - 1)
        store.xclaim("s", "g", "c", 0, [id])
        told = store.xinfo_stream("s", full=True)
        store.compact()
    with Store(tmp_path / "app.kv") as store:
        assert store.xinfo_stream("s", full=True) == told
        assert told["groups"][0]["entries-read"] == -(2**63)
        assert store.xpending_range("s", "g", "-", "+", 1)[0]["times_delivered"] == -(2**63)


def test_a_copy_of_a_group_shares_nothing() -> None:
    group = Group(9, 7)
    for number in range(1, 30):
        name = b"c%d" % (number % 3)
        group.see(name, number)
        group.assign(name, number * 7 % 30, number, number % 5)
    group.see(b"nobody", 1)
    before = group.dump()
    copy = group.copy()
    copy._check()
    assert copy.dump() == before
    copy.acknowledge(7)
    copy.dismiss(b"c2")
    copy.see(b"c0", 99)
    copy._check()
    group._check()
    assert group.dump() == before != copy.dump()
