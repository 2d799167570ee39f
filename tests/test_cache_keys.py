"""Keys of calls tell them apart, and are the same everywhere; serializers give back what they took."""

from __future__ import annotations

import enum
import math
import subprocess
import sys
from collections import namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvlite import Cache, Store
from kvlite.cache.durations import milliseconds
from kvlite.cache.keys import LONGEST, TEXTS, key_of_call, shortened
from kvlite.cache.serializers import Msgpack, Types


class Color(enum.Enum):
    RED = 1


@dataclass(frozen=True)
class Point:
    x: int
    y: Any = 0


@dataclass
class Counted:
    items: list[int] = field(default_factory=list)
    total: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.total = sum(self.items)


Pair = namedtuple("Pair", "left right")


class Failure(Exception):
    pass


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(1 << 80), 1 << 80)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.just(ZoneInfo("Europe/Berlin")))
    | st.timedeltas()
    | st.complex_numbers(allow_nan=False)
)
HASHABLE = st.recursive(
    SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5
)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.sets(HASHABLE, max_size=3)
    ),
    max_leaves=8,
)


def shape(value: Any) -> Any:
    """The value with all its types, so that what is equal is so in both."""
    if isinstance(value, (list, tuple)):
        return type(value), [shape(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted((shape(each) for each in value), key=repr)
    if isinstance(value, dict):
        return dict, sorted(((shape(key), shape(each)) for key, each in value.items()), key=repr)
    if isinstance(value, float):
        return float, repr(value)
    if isinstance(value, complex):
        return complex, repr(value.real), repr(value.imag)
    if isinstance(value, Decimal):
        return Decimal, str(value)
    if isinstance(value, (datetime, time)):
        return type(value), value.isoformat(), value.fold
    return type(value), value


@given(VALUES, VALUES)
def test_different_arguments_have_different_texts(one: Any, other: Any) -> None:
    write = TEXTS[True]
    assert (write(one) == write(other)) == (shape(one) == shape(other))
    assert write(one).isascii()


@given(st.lists(VALUES, max_size=3), st.lists(VALUES, max_size=3))
def test_different_calls_have_different_keys(one: list[Any], other: list[Any]) -> None:
    key = key_of_call(lambda *values, **named: None, "f:", True)
    assert (key(*one) == key(*other)) == (shape(one) == shape(other))
    named = [{f"n{number}": value for number, value in enumerate(values)} for values in (one, other)]
    assert (key(**named[0]) == key(**named[1])) == (shape(one) == shape(other))


@given(SCALARS, SCALARS)
def test_equal_numbers_have_one_text_unless_types_matter(one: Any, other: Any) -> None:
    numbers = (bool, int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        assert (TEXTS[False](one) == TEXTS[False](other)) == (one == other)


TEXT_OF = [
    ("it's", '"it\'s"'),
    ("\u00e9\n", "'\\xe9\\n'"),
    (b"a\xff", "b'a\\xff'"),
    ((1, "a"), "(1,'a',)"),
    ([1, [2]], "[1,[2]]"),
    ({3, 1, 2}, "{1,2,3}"),
    (set(), "set()"),
    ({"b": 1, "a": 2}, "{'a':2,'b':1}"),
    (Color.RED, "test_cache_keys.Color.RED"),
    (Point(1, (2,)), "test_cache_keys.Point(x=1,y=(2,))"),
    (Pair(1, 2), "test_cache_keys.Pair(1,2)"),
    (Decimal("1.10"), "Decimal(1.10)"),
    (Fraction(1, 3), "Fraction(1/3)"),
    (UUID(int=1), "UUID(00000000-0000-0000-0000-000000000001)"),
    (datetime(2024, 1, 2, tzinfo=UTC), "datetime(2024-01-02T00:00:00+00:00)"),
    (date(2024, 1, 2), "date(2024-01-02)"),
    (timedelta(1, 2, 3), "timedelta(1,2,3)"),
    (PurePosixPath("/a"), "Path('/a')"),
    (Point, "<class test_cache_keys.Point>"),
    (math.inf, "inf"),
]


@pytest.mark.parametrize(("value", "text"), TEXT_OF)
def test_texts_never_change(value: Any, text: str) -> None:
    """What is kept under a key today is looked for under the same tomorrow."""
    assert TEXTS[False](value) == text


def test_signatures() -> None:
    def f(a: Any, /, b: Any = 2, *rest: Any, c: Any = 3, **more: Any) -> None: ...

    key = key_of_call(f, "f:v1:", False)
    assert key(1) == key(1, 2) == key(1, b=2) == key(1, c=3) == "f:v1:(1,2,c=3)"
    assert key(1, 2, 4, 5, d=6, c="x") == "f:v1:(1,2,4,5,c='x',d=6)"
    assert key(1, **{"not a name": 1, "a": 2}) == "f:v1:(1,2,c=3,a=2,'not a name'=1)"
    with pytest.raises(TypeError, match=r"test_signatures.<locals>.f\(\) missing 1 required positional"):
        key()
    assert key_of_call(max, "m:", False)(1, 2) == "m:(1,2)"


def test_long_keys_end_in_a_hash() -> None:
    keys = {shortened("k" * LONGEST + str(number)) for number in range(100)}
    assert len(keys) == 100
    assert all(len(key) == LONGEST for key in keys)
    assert shortened("k" * LONGEST) == "k" * LONGEST


def test_keys_are_the_same_in_every_process() -> None:
    code = (
        "from kvlite import Cache, Store\n"
        "def f(a, b='x'): ...\n"
        "f.__module__ = 'app'\n"
        "print(Cache(Store()).memoize(f).key({'b', 'a', 'c'}, {'z': 1, 'y': 2}))"
    )
    outcomes = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code]
        outcomes.add(subprocess.check_output(command, text=True, env={"PYTHONHASHSEED": seed}).strip())
    assert outcomes == {"app.f:v1:({'a','b','c'},{'y':2,'z':1})"}


# Serializers


@given(VALUES)
def test_msgpack_gives_back_what_it_took(value: Any) -> None:
    serializer = Msgpack(Types())
    assert shape(serializer.loads(serializer.dumps(value))) == shape(value)


@given(st.binary(max_size=60))
def test_whatever_bytes_are_there_a_cache_raises_nothing(data: bytes) -> None:
    store = Store()
    caches = [Cache(store, "a:"), Cache(store, "a:", serializer="json"), Cache(store, "a:", secret="s")]
    functions = [cache.memoize(name="f")(lambda: "computed") for cache in caches]
    for cache, function in zip(caches, functions, strict=True):
        for prefix in (b"", b"\xc1h", b"\xc1h\x00\x05", b"\xc1s"):
            store.set("a:k", prefix + data)
            store.set("a:" + function.key(), prefix + data)
            cache.get("k"), cache.get_many(["k"]), function()


def test_registered_types() -> None:
    cache = Cache(Store())
    for kind in (Color, Point, Counted, Pair, Failure):
        assert cache.register(kind) is kind
    cache.register(range, "range", dump=lambda r: [r.start, r.stop, r.step], load=lambda at: range(*at))
    for value in (Color.RED, Point(1, Point(2, Color.RED)), Counted([1, 2]), Pair(1, [2]), range(1, 9, 2)):
        cache.set("a", value)
        assert cache.get("a") == value
        assert type(cache.get("a")) is type(value)

    @cache.memoize(cache_errors=60)
    def fail() -> None:
        raise Failure("gone", 7)

    for _ in range(2):
        with pytest.raises(Failure) as caught:
            fail()
        assert caught.value.args == ("gone", 7)
    assert fail.stats().loads == 1
    with pytest.raises(TypeError, match="register it with dump= and load="):
        cache.register(object)
    with pytest.raises(ValueError, match="another type is registered as 'range'"):
        cache.register(Point, "range")


def test_a_type_that_has_changed_is_a_miss() -> None:
    store = Store()
    before, after = Cache(store), Cache(store)
    before.register(Point, "point")
    before.register(Color, "color")
    before.set("p", Point(1))
    before.set("c", Color.RED)

    @dataclass
    class Renamed:
        left: int

    class Paint(enum.Enum):
        BLUE = 1

    after.register(Renamed, "point")
    after.register(Paint, "color")
    assert after.get_many(["p", "c"]) == {}
    assert after.stats().unreadable == 2
    assert Cache(store).get("p") is None


@pytest.mark.parametrize(
    ("duration", "amount"),
    [
        (1, 1000),
        (0.25, 250),
        ("10m", 600_000),
        ("1h30m", 5_400_000),
        ("1.5s", 1500),
        ("7d", 604_800_000),
        ("250ms", 250),
        (timedelta(seconds=2), 2000),
        (0.0001, 1),
    ],
)
def test_durations(duration: Any, amount: int) -> None:
    assert milliseconds(duration) == amount


@pytest.mark.parametrize("duration", [0, -1, "", "m", "10", "1x", "1h!", math.nan, math.inf])
def test_what_is_no_duration(duration: Any) -> None:
    with pytest.raises(ValueError, match="duration"):
        milliseconds(duration)
    for other in (None, True, [1]):
        with pytest.raises(TypeError, match="a duration is seconds"):
            milliseconds(other)
