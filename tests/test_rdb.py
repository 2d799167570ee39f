"""Payloads without an oracle: either bytes are a value, or they are refused with Redis's error."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import BAD, GOOD, STRING, length, lzf, payload, raw, sealed

from kvlite import ManualClock, ResponseError, Store
from kvlite.rdb import dump, listpack, load
from kvlite.rdb.crc64 import _divide, crc64
from kvlite.rdb.lzf import compress, decompress
from kvlite.rdb.source import BadFormat
from kvlite.rdb.writer import ENOUGH
from kvlite.structs import Collection
from kvlite.structs.gap_list import GapList
from kvlite.structs.hash import Hash
from kvlite.structs.limits import DEFAULTS, Limits
from kvlite.structs.set import Set
from kvlite.structs.sorted_set import SortedSet

TEXTS = st.one_of(
    st.binary(max_size=70),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: b"%d" % number),
    st.binary(min_size=1, max_size=9).map(lambda text: text * 40),
)
VALUES = st.one_of(
    TEXTS,
    st.lists(TEXTS, min_size=1).map(GapList),
    st.lists(TEXTS, min_size=1).map(Set),
    st.sets(st.integers(-(2**63), 2**63 - 1), min_size=1).map(
        lambda numbers: Set(b"%d" % n for n in numbers)
    ),
    st.dictionaries(TEXTS, TEXTS, min_size=1).map(lambda fields: Hash(list(fields.items()))),
    st.dictionaries(TEXTS, st.floats(allow_nan=False), min_size=1).map(SortedSet),
)


def small_limits() -> Limits:
    limits = Limits()
    for name in ("hash-max-listpack-entries", "zset-max-listpack-entries", "set-max-intset-entries"):
        limits.set(name, 2)
    limits.set("rdbcompression", 0)
    limits.set("list-max-listpack-size", 2)
    limits.set("list-compress-depth", 1)
    return limits


@given(VALUES, st.sampled_from([DEFAULTS, small_limits()]))
def test_a_payload_restores_the_value(value: Any, limits: Limits) -> None:
    if isinstance(value, Collection):
        value.reencode(limits)
    restored = load(dump(value, limits), limits)
    if isinstance(restored, Collection):
        assert type(restored) is type(value)
        restored._check()
        assert elements(restored) == elements(value)
    else:
        assert restored == value


def elements(value: Any) -> Any:
    dumped = value.dump()
    if isinstance(value, SortedSet):
        return {member: score + 0.0 for member, score in dumped.items()}
    return sorted(dumped) if isinstance(value, Set) else dumped


def either_a_value_or_an_error(data: bytes) -> None:
    value: Any = b""
    with contextlib.suppress(ResponseError):
        value = load(data, DEFAULTS)
    if isinstance(value, Collection):
        value._check()
        assert len(value) > 0 or value.may_be_empty
        load(dump(value, DEFAULTS), DEFAULTS)
    else:
        assert type(value) is bytes


@contextlib.contextmanager
def at_most(size: int) -> Iterator[None]:
    """No more memory than this is taken at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    either_a_value_or_an_error(data)
    either_a_value_or_an_error(sealed(data + b"\x0a\x00"))


@settings(max_examples=1000)
@given(st.data())
def test_damaged_payloads(data: st.DataObject) -> None:
    """Bytes changed, put in or taken out, under a right checksum."""
    body = bytearray(data.draw(st.sampled_from(DAMAGED))[:-8])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(body), 40)))
        taken = data.draw(st.integers(0, 3))
        body[place : place + taken] = data.draw(st.binary(max_size=3))
    either_a_value_or_an_error(sealed(bytes(body)))


DAMAGED = [each for each in [*GOOD.values(), *BAD.values()] if len(each) < 1000]


@pytest.mark.parametrize("name", [name for name, each in GOOD.items() if len(each) < 1000])
def test_every_cut(name: str) -> None:
    for end in range(len(GOOD[name]) - 10):
        either_a_value_or_an_error(sealed(GOOD[name][:end] + b"\x0a\x00"))


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused_takes_no_memory(name: str) -> None:
    """Nothing is laid out for what bytes announce and do not have."""
    with at_most(100_000), pytest.raises(ResponseError):
        load(BAD[name], DEFAULTS)


@pytest.mark.parametrize("announced", [2**20, 2**31 - 1, 2**40, 2**63])
def test_compressed_bytes_that_boast(announced: int) -> None:
    compressed = b"\x00x" + b"\xe0\xff\x00" * 1000
    for size in (announced, 10):
        with at_most(1_000_000), pytest.raises(BadFormat):
            decompress(compressed, size)


@given(st.lists(st.one_of(st.binary(max_size=300), st.binary(max_size=5).map(lambda text: text * 100))))
def test_lzf(chunks: list[bytes]) -> None:
    text = b"".join(chunks + chunks[:2])
    compressed = compress(text, len(text) + len(text) // 32 + 10)
    assert compressed is not None
    assert decompress(compressed, len(text)) == text
    shorter = compress(text, len(text) - 4)
    assert shorter is None or len(shorter) <= len(text) - 4


@given(st.binary(max_size=60), st.integers(0, 400))
def test_lzf_of_any_bytes(data: bytes, size: int) -> None:
    with contextlib.suppress(BadFormat):
        assert len(decompress(data, size)) == size


@given(st.lists(TEXTS))
def test_listpacks(texts: list[bytes]) -> None:
    pack = listpack.encode(texts)
    assert int.from_bytes(pack[:4], "little") == len(pack)
    assert listpack.decode(pack) == texts


@pytest.mark.parametrize(
    "size", [63, 64, 126, 127, 128, 4095, 4096, 16_379, 16_380, 16_383, 2**21 - 6, 2**21]
)
def test_listpacks_of_long_texts(size: int) -> None:
    texts = [b"x" * size, b"1", b"y" * size]
    assert listpack.decode(listpack.encode(texts)) == texts


@pytest.mark.parametrize("size", [1 << 14, 1 << 20])
def test_long_strings(size: int) -> None:
    text = b"a line of text that is there many times\n" * (size // 40)
    data = dump(text, DEFAULTS)
    assert len(data) < size // 20
    assert load(data, DEFAULTS) == text
    assert load(payload(STRING, lzf(text)), DEFAULTS) == text
    assert load(payload(STRING, length(len(text), 64), text), DEFAULTS) == text


@pytest.mark.parametrize("size", [1023, 1024, 1025, 1032, 1040, 5000, 100_003])
def test_checksums_of_long_data(size: int) -> None:
    """Data that is divided in halves leaves what data that is divided byte by byte leaves."""
    data = bytes(number * number % 251 for number in range(size))
    assert crc64(data) == _divide(data)
    assert crc64(b"\0" * size + data) == _divide(data)
    assert crc64(data + bytes(size)) == _divide(data + bytes(size))


def test_no_more_is_compressed_than_takes_a_moment() -> None:
    line = b"a line of text that is there many times\n"
    long = line * (ENOUGH // len(line) + 1)
    assert len(dump(long, DEFAULTS)) > len(long)
    lines = GapList([line * 100] * (2 * len(long) // 4000))
    data = dump(lines, DEFAULTS)
    assert ENOUGH < len(data) < len(lines) * 4000
    assert elements(load(data, DEFAULTS)) == elements(lines)


def test_a_value_that_is_none() -> None:
    with pytest.raises(TypeError, match="object is no value"):
        dump(object(), DEFAULTS)


# --- in a store ----------------------------------------------------------------------------------------


def test_from_one_store_to_another() -> None:
    here, there = Store(clock=ManualClock()), Store(clock=ManualClock(), decode_responses=True)
    here.rpush("list", "a", "b")
    here.hset("hash", mapping={"f": "v"})
    for name in ("list", "hash"):
        data = here.dump(name)
        assert isinstance(data, bytes)
        assert there.restore(name, 1000, data) == "OK"
    assert there.lrange("list", 0, -1) == ["a", "b"]
    assert there.hgetall("hash") == {"f": "v"}
    assert there.pttl("list") == 1000
    assert here.dump("missing") is None


def test_a_refused_payload_changes_nothing() -> None:
    store = Store(clock=ManualClock())
    store.set("k", "v", ex=10)
    for data in BAD.values():
        for replace in (False, True):
            with pytest.raises(ResponseError):
                store.restore("k", 0, data, replace=replace)
    assert (store.get("k"), store.ttl("k"), len(store)) == (b"v", 10, 1)


def test_what_is_restored_wakes_who_waits_and_can_be_undone() -> None:
    store = Store(clock=ManualClock())
    store.rpush("list", "a")
    data = store.dump("list")
    assert data is not None
    with pytest.raises(ZeroDivisionError), store.atomic():
        store.restore("list", 0, payload(STRING, raw(b"text")), replace=True)
        assert store.get("list") == b"text"
        raise ZeroDivisionError
    assert store.lrange("list", 0, -1) == [b"a"]
    store.delete("list")
    with store.pipeline() as pipe:
        pipe.restore("list", 0, data)
        pipe.blpop("list")
        assert pipe.execute() == [b"OK", (b"list", b"a")]


def test_what_is_restored_is_kept(tmp_path: Any) -> None:
    with Store(tmp_path / "kept.kv") as store:
        store.zadd("zset", {"a": 1.5, "b": -0.0})
        data = store.dump("zset")
        assert data is not None
        store.restore("copy", 100_000, data)
    with Store(tmp_path / "kept.kv") as store:
        assert store.dump("copy") == data
        assert 0 < store.pttl("copy") <= 100_000
