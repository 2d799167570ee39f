"""Bitmaps and bitfields: what an oracle cannot see."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvlite import AsyncStore, DataError, ManualClock, OutOfMemoryError, ResponseError, Store, WatchError
from kvlite.persist.recovery import replays_of
from kvlite.structs.bits import CHUNK, Field, combine, count_ones, find_bit


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock())


def bits_of(text: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in text)


@given(st.binary(min_size=1, max_size=20), st.data())
def test_counting_and_finding_are_those_of_the_digits(text: bytes, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(text) * 8 - 1))
    last = data.draw(st.integers(first, len(text) * 8 - 1))
    digits = bits_of(text)[first : last + 1]
    assert count_ones(text, first, last) == digits.count("1")
    for bit in (0, 1):
        at = digits.find(str(bit))
        assert find_bit(text, bit, first, last) == (None if at < 0 else first + at)


@pytest.mark.parametrize("at", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 1])
def test_what_is_longer_than_a_chunk(at: int) -> None:
    text = bytearray(3 * CHUNK)
    text[at] = 0b00010001
    assert count_ones(text, 0, len(text) * 8 - 1) == 2
    assert find_bit(text, 1, 0, len(text) * 8 - 1) == at * 8 + 3
    assert combine(b"OR", [text, b"\x80", bytes(CHUNK + 1)])[at] == text[at] | (0 if at else 0x80)
    inverted = combine(b"NOT", [text])
    assert find_bit(inverted, 0, 0, len(text) * 8 - 1) == at * 8 + 3
    assert combine(b"AND", [text, inverted]) == bytes(len(text))
    assert combine(b"XOR", [text, inverted]) == b"\xff" * len(text)


@given(st.integers(1, 64), st.booleans(), st.integers(0, 30), st.binary(max_size=12), st.integers())
def test_a_field_is_what_was_written_to_it(
    width: int, signed: bool, offset: int, text: bytes, number: int
) -> None:
    field = Field(width, signed, offset)
    wrapped, nearest = field.fitted(number, "WRAP"), field.fitted(number, "SAT")
    assert wrapped is not None
    assert nearest is not None
    assert (wrapped - number) % (1 << width) == 0
    assert field.fitted(number, "FAIL") in (None, wrapped)
    assert (wrapped == number) == (nearest == number)
    at, chunk = field.written(text, wrapped)
    after = bytearray(text.ljust(field.size, b"\0"))
    before = bits_of(after)
    after[at : at + len(chunk)] = chunk
    assert field.read(bytes(after)) == wrapped
    assert bits_of(after)[:offset] == before[:offset]
    assert bits_of(after)[offset + width :] == before[offset + width :]


def test_bits_are_written_in_place(store: Store[bytes]) -> None:
    store.setbit("b", 1000, 1)
    buffer = store._db.data[b"b"]
    store.setbit("b", 3, 1)
    store.setbit("b", 5000, 1)
    store.bitfield("b").set("u8", 0, 255).set("i64", 40_000, -1).execute()
    with store.pipeline() as pipe:
        pipe.setbit("b", 4, 0).bitfield("b").incrby("u8", 8, 1).execute()
        pipe.execute()
    assert store._db.data[b"b"] is buffer


@pytest.mark.parametrize("value", [b"\x01\x02", 10, b"10"])
def test_any_string_has_bits(store: Store[bytes], value: bytes | int) -> None:
    if isinstance(value, int):
        store.incr("k", value)
    else:
        store.set("k", value)
    text = store.get("k")
    assert text is not None
    for place in range(20):
        wanted = int(bits_of(text + b"\0")[place])
        assert store.getbit("k", place) == wanted
        assert store.setbit("k", place, 1 - wanted) == wanted
    assert store.get("k") == bytes(255 - byte for byte in text) + b"\xf0"


def test_offsets_may_be_texts_of_numbers(store: Store[bytes]) -> None:
    assert store.setbit("b", "7", 1) == 0  # type: ignore[arg-type]
    assert store.getbit("b", b"7") == 1  # type: ignore[arg-type]
    for offset in (-1, 2**32, "+7", "x"):
        with pytest.raises(ResponseError, match="bit offset is not an integer or out of range"):
            store.setbit("b", offset, 1)  # type: ignore[arg-type]
        with pytest.raises(ResponseError, match="bit offset is not an integer or out of range"):
            store.getbit("b", offset)  # type: ignore[arg-type]
    assert store.get("b") == b"\x01"


def test_arguments_that_redis_py_refuses(store: Store[bytes]) -> None:
    with pytest.raises(DataError, match="Both start and end must be specified"):
        store.bitcount("b", 1)
    with pytest.raises(DataError, match="bit must be 0 or 1"):
        store.bitpos("b", 2)
    with pytest.raises(DataError, match="start argument is not set, when end is specified"):
        store.bitpos("b", 1, end=2)


def test_a_builder_begins_anew_when_it_was_executed(store: Store[bytes]) -> None:
    fields = store.bitfield("f", "sat").set("u8", 0, 300)
    assert fields.command == ["BITFIELD", "f", "OVERFLOW", "SAT", "SET", "u8", 0, 300]
    assert fields.execute() == [0]
    assert fields.get("u8", 0).execute() == [255]
    assert fields.incrby("u8", 0, 1, "fail").execute() == [None]
    assert fields.incrby("u8", 0, 1).execute() == [255]
    assert fields.execute() == []


def test_nothing_is_done_if_one_operation_is_wrong(store: Store[bytes]) -> None:
    store.set("f", "abc")
    with pytest.raises(ResponseError, match="Invalid bitfield type"):
        store.bitfield("f").set("u8", 0, 1).get("u64", 0).execute()
    assert store.get("f") == b"abc"


def test_what_cannot_be_queued_is_said_at_once(store: Store[bytes]) -> None:
    with store.pipeline() as pipe:
        assert pipe.bitfield("f").set("u8", 0, 7).execute() is pipe
        with pytest.raises(DataError):
            pipe.bitfield("f").set("u8", 0, None).execute()  # type: ignore[arg-type]
        pipe.bitfield("f").get("u99", 0).execute()
        with pytest.raises(
            ResponseError, match=r"Command # 2 \(BITFIELD f GET u99 0\) of pipeline caused error: Inv"
        ):
            pipe.execute()
    assert store.get("f") == b"\x07"


def test_fields_may_be_watched(store: Store[bytes]) -> None:
    with store.pipeline() as pipe:
        pipe.watch("f")
        assert pipe.bitfield("f").get("u8", 0).execute() == [0]
        store.bitfield("f").set("u8", 0, 0).execute()
        pipe.multi()
        pipe.bitfield("f").incrby("u8", 0, 1).execute()
        with pytest.raises(WatchError):
            pipe.execute()
    assert store.get("f") == b"\0"


def test_awaited() -> None:
    async def use() -> None:
        async with AsyncStore() as store:
            assert await store.setbit("b", 7, 1) == 0
            assert await store.bitfield("b").incrby("u8", 0, 1).execute() == [2]
            pipe = store.pipeline()
            assert pipe.bitfield("b").get("u8", 0).execute() is pipe
            assert await pipe.getbit("b", 6).execute() == [[2], 1]

    asyncio.run(use())


def test_what_is_undone(store: Store[bytes]) -> None:
    store.setbit("b", 7, 1)
    with pytest.raises(KeyError), store.atomic():
        store.setbit("b", 100, 1)
        store.setbit("new", 100, 1)
        store.bitfield("b").set("u8", 0, 9).execute()
        raise KeyError
    assert store.get("b") == b"\x01"
    assert not store.exists("new")


def test_the_log_has_what_was_written_and_not_the_string(tmp_path: Path) -> None:
    size = 20_000_000
    path = tmp_path / "app.kv"
    with Store(path) as store:
        store.setbit("b", size, 1)
        store.bitfield("b").set("u8", size * 2, 9).incrby("i4", 100, -1).execute()
        for place in range(100):
            store.setbit("b", place * 1000, 1)
        journal: Any = store._shared.journal
        assert journal.written()[1] < 10_000
        text = store.get("b")
    with Store(path) as store:
        assert store.get("b") == text
        assert store.bitcount("b") == 1 + 2 + 4 + 100


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (13, [{}]),
        (13, [{-1: b"a"}]),
        (13, [{2**29 + 8: b"a"}]),
        (13, [{2**60: b"a"}]),
        (13, [{0: 1}]),
        (13, [{b"0": b"a"}]),
        (14, [17, 16, b"a"]),
        (14, [0, 4, b""]),
        (14, [4, 1000, b"a"]),
        (14, [-1, 16, b"a"]),
    ],
)
def test_what_a_log_cannot_say(store: Store[bytes], code: int, arguments: list[Any]) -> None:
    store.pfadd("k", "a")
    before = store.get("k")
    with pytest.raises((ValueError, TypeError)):
        replays_of(Store)[code](store, [b"k", *arguments])
    assert store.get("k") == before
    store.rpush("list", "a")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        replays_of(Store)[code](store, [b"list", *({13: [{0: b"a"}], 14: [4, 16, b"a"]}[code])])


def test_a_full_store_refuses_bits() -> None:
    store = Store(maxmemory="1mb")
    with pytest.raises(OutOfMemoryError):
        for number in range(1000):
            store.setbit(f"k{number}", 80_000, 1)
    count = store.dbsize()
    for call in (
        lambda: store.setbit("new", 1, 1),
        lambda: store.bitfield("new").set("u8", 0, 1).execute(),
        lambda: store.pipeline().bitfield("new").set("u8", 0, 1).execute().execute(),
        lambda: store.bitop("NOT", "new", "k0"),
        lambda: store.pfadd("new", "a"),
        lambda: store.geoadd("new", [1, 2, "a"]),
    ):
        with pytest.raises(OutOfMemoryError):
            call()
    assert store.getbit("k0", 80_000) == store.bitfield_ro("k0", "u1", 80_000)[0] == 1
    assert store.dbsize() == count
    store.delete("k0")
    assert store.bitfield("new").set("u8", 0, 1).execute() == [0]


def test_what_bits_take_is_counted() -> None:
    """Whatever they were before."""
    store = Store(maxmemory="100mb")
    for number in range(50):
        store.set(f"short{number}", "1")
        store.incr(f"count{number}")
        for kind in ("short", "count", "new"):
            store.getbit(f"{kind}{number}", 1)
            store.setbit(f"{kind}{number}", 1, 0)
            store.bitfield(f"{kind}{number}").set("u8", 100, 1).execute()
        store.bitop("NOT", f"inverted{number}", f"short{number}")
        store.pfadd(f"sketch{number}", *range(number))
        store.pfcount(f"sketch{number}")
        store.pfmerge(f"merged{number}", f"sketch{number}")
    account: Any = store._db.account
    kept = account.total
    account.count(store._db)
    assert kept == account.total
