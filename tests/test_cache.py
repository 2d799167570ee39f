"""One contract for every place a cache can be in."""

from __future__ import annotations

import asyncio
import inspect
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from caches import PLACES, eventually, place, real_redis

from kvlite import AsyncCache, AsyncStore, Cache, ManualClock, Store
from kvlite.cache import CacheWarning
from kvlite.cache.backends import run
from kvlite.redis import Redis


@pytest.fixture(scope="module")
def socket() -> Iterator[Callable[[], str]]:
    opened: list[Any] = []

    def path() -> str:
        if not opened:
            opened.append(real_redis())
            opened.append(opened[0].__enter__())
        return str(opened[1])

    yield path
    if opened:
        opened[0].__exit__(None, None, None)


@pytest.fixture(params=PLACES, ids=[name.replace(" ", "-") for name in PLACES])
def open_cache(
    request: pytest.FixtureRequest, tmp_path: Path, socket: Callable[[], str]
) -> Iterator[Callable[..., Any]]:
    with place(request.param, tmp_path, socket) as opening:
        yield opening


@pytest.fixture
def cache(open_cache: Callable[..., Any]) -> Any:
    return open_cache()


def test_values_are_kept_and_forgotten(cache: Any) -> None:
    assert cache.get("a") is None
    assert cache.get("a", 7) == 7
    cache.set("a", {"b": [1, "x"]})
    assert cache.get("a") == {"b": [1, "x"]}
    assert "a" in cache
    assert cache.delete("a")
    assert not cache.delete("a")
    assert "a" not in cache
    stats = cache.stats()
    assert (stats.hits, stats.misses) == (1, 2)


def test_values_come_back_as_they_were(cache: Any) -> None:
    for value in (
        *(
            None,
            True,
            False,
            0,
            -1,
            1 << 63,
            -(1 << 63),
            1 << 64,
            -(10**40),
            1.5,
            "",
            "é",
            b"\xc1h\xff",
            [],
            {},
        ),
        *((1, (2, [3])), {1, 2}, frozenset("a"), {(1, 2): {3}}, Decimal("1.10"), uuid4(), 1 + 2j),
        *(datetime(2024, 5, 6, 7, 8, 9, 10), datetime(2024, 5, 6, tzinfo=timezone(timedelta(hours=5.5)))),
        *(timedelta(days=-1, microseconds=1), datetime(2024, 1, 1).date(), datetime(2024, 1, 1, 2).time()),
    ):
        cache.set("v", value)
        found = cache.get("v", "nothing")
        assert found == value
        assert type(found) is type(value)


def test_many_at_once(cache: Any) -> None:
    cache.set_many({"a": 1, "b": "two"})
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": "two"}
    assert cache.get_many([]) == {}
    assert cache.delete_many(["a", "c"]) == 1
    assert cache.get_many(iter(["a", "b"])) == {"b": "two"}


def test_what_lives_for_a_time(cache: Any) -> None:
    cache.set("a", "x", ttl="30ms")
    cache.set("b", "x", ttl=timedelta(milliseconds=30))
    cache.set("c", "x", ttl=5)
    assert cache.touch("c", 60)
    assert not cache.touch("d")
    assert cache.add("e", 1, ttl="30ms")
    assert cache.add("f", 1, ttl=60)
    assert not cache.add("f", 2)
    time.sleep(0.06)
    assert cache.get_many("abce") == {"c": "x"}
    assert cache.add("e", 2)
    assert cache.touch("c", None)
    assert cache.get("e") == 2


def test_counting(cache: Any) -> None:
    assert cache.incr("n") == 1
    assert cache.incr("n", 5) == 6
    assert cache.decr("n", 2) == 4
    assert cache.get("n") == 4
    cache.set("n", 10)
    assert cache.incr("n") == 11
    cache.set("s", "x")
    with pytest.raises(TypeError, match="'s' is no integer"):
        cache.incr("s")
    cache.set("most", 2**63 - 1)
    with pytest.raises(OverflowError, match="'most' would need more than 64 bits"):
        cache.incr("most")
    with pytest.raises(OverflowError, match="is no integer of 64 bits"):
        cache.incr("new", 2**63)
    with pytest.raises(TypeError, match=r"what is counted is an int, not 1\.5"):
        cache.incr("new", 1.5)
    assert cache.get("new") is None
    assert cache.get("most") == 2**63 - 1


def test_clearing_leaves_what_is_not_its_own(open_cache: Callable[..., Any]) -> None:
    cache, other = open_cache("a*:"), open_cache("ab:")
    cache.set_many({str(number): number for number in range(2500)}, tags="t")
    other.set("x", 1)
    assert cache.clear() == 2500
    assert cache.clear() == 0
    assert other.get("x") == 1


def test_tags(cache: Any) -> None:
    cache.set("a", 1, tags=["user:7", "all"])
    cache.set("b", 2, tags="user:8")
    cache.set("c", 3)
    assert cache.get_many("abc") == {"a": 1, "b": 2, "c": 3}
    cache.invalidate_tags("user:7", "unknown")
    assert cache.get_many("abc") == {"b": 2, "c": 3}
    assert "a" not in cache
    assert cache.add("a", 4, tags=["user:7"])
    assert cache.get("a") == 4
    assert cache.touch("a", None)
    cache.invalidate_tags("user:7")
    assert not cache.touch("a")
    cache.invalidate_tags()


def test_a_tag_that_is_lost_brings_nothing_back(cache: Any) -> None:
    cache.set("a", 1, tags="t")
    cache.invalidate_tags("t")
    cache.set("b", 2, tags="t")
    assert cache.get("a") is None
    assert cache.get("b") == 2


def test_own_keys_and_those_of_the_cache_do_not_meet(cache: Any) -> None:
    cache.set("a", 1, tags="t")
    cache.set("@tag:t", "mine")
    cache.set("@@tag:t", "mine too")
    assert cache.get("a") == 1
    assert cache.get("@tag:t") == "mine"
    with pytest.raises(TypeError, match="a key is a str"):
        cache.get(7)


def test_get_or_set(cache: Any) -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return made.copy()

    assert cache.get_or_set("a", make, tags="t") == [1]
    assert cache.get_or_set("a", make) == [1]
    cache.invalidate_tags("t")
    assert cache.get_or_set("a", make) == [1, 1]
    assert cache.get_or_set("b", "plain") == "plain"


def test_memoize(cache: Any) -> None:
    calls: list[Any] = []

    @cache.memoize(ttl=60)
    def area(width: int, height: int = 2, *, unit: str = "m") -> tuple[int, str]:
        """How large."""
        calls.append((width, height, unit))
        return width * height, unit

    assert area(3) == area(3, 2) == area(height=2, width=3) == area(3, unit="m") == (6, "m")
    assert area(4) == (8, "m")
    assert calls == [(3, 2, "m"), (4, 2, "m")]
    assert getattr(area, "target", area).__doc__ == "How large."
    key = area.key(3)
    assert key == "test_cache.test_memoize.<locals>.area:v1:(3,2,unit='m')"
    assert cache.get(key) == (6, "m")
    stats = area.stats()
    assert (stats.hits, stats.misses, stats.loads, stats.errors) == (3, 2, 2, 0)
    assert area.invalidate(3)
    assert not area.invalidate(3)
    assert area(3) == (6, "m")
    assert len(calls) == 3
    assert area.refresh(3) == (6, "m")
    assert len(calls) == 4
    with pytest.raises(TypeError, match="area.*missing 1 required positional argument: 'width'"):
        area()
    assert "area" in cache.report()


def test_memoize_without_parentheses(cache: Any) -> None:
    @cache.memoize
    def twice(text: str) -> str:
        return text * 2

    assert twice("a") == twice("a") == "aa"
    assert twice.stats().hits == 1


def test_every_kind_of_parameter(cache: Any) -> None:
    @cache.memoize
    def every(a: Any, /, b: Any, c: Any = "c", *rest: Any, d: Any, e: Any = "e", **more: Any) -> list[Any]:
        return [a, b, c, list(rest), d, e, more]

    @cache.memoize
    def more(**more: Any) -> dict[str, Any]:
        return more

    @cache.memoize
    def rest(*rest: Any) -> list[Any]:
        return list(rest)

    for _ in range(2):
        assert every(1, 2, d=3) == [1, 2, "c", [], 3, "e", {}]
        assert every(1, b=2, d=3, e=4, a=5) == [1, 2, "c", [], 3, 4, {"a": 5}]
        assert every(1, 2, 3, 4, 5, d=6, x=7) == [1, 2, 3, [4, 5], 6, "e", {"x": 7}]
        assert (more(), more(b=1, a=2)) == ({}, {"a": 2, "b": 1})
        assert (rest(), rest(1), rest((1,))) == ([], [1], [(1,)])
    assert (every.stats().loads, more.stats().loads, rest.stats().loads) == (3, 2, 3)


def test_kinds_of_results(cache: Any) -> None:
    calls: list[Any] = []
    results = [1, 0, -5, None, "", [], {}, True, 1.5, b"\xc1", (1,), {1}, 1 << 70]

    @cache.memoize
    def nth(number: int) -> Any:
        calls.append(number)
        return results[number]

    for _ in range(2):
        for number, result in enumerate(results):
            assert nth(number) == result
            assert type(nth(number)) is type(result)
    assert calls == list(range(len(results)))


def test_none_is_kept_unless_it_is_not_to_be(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize(cache_none=False)
    def nothing() -> None:
        calls.append(1)

    assert nothing() is nothing() is None
    assert len(calls) == 2


def test_numbers_are_told_apart_when_asked(cache: Any) -> None:
    @cache.memoize(name="loose")
    def loose(value: Any) -> str:
        return repr(value)

    @cache.memoize(name="strict", typed=True)
    def strict(value: Any) -> str:
        return repr(value)

    assert [loose(value) for value in (1, 1.0, True, "1")] == ["1", "1", "1", "'1'"]
    assert [strict(value) for value in (1, 1.0, True, "1")] == ["1", "1.0", "True", "'1'"]


def test_a_key_of_ones_own(cache: Any) -> None:
    calls: list[Any] = []

    @cache.memoize(key=lambda user, _connection: user["id"])
    def name_of(user: dict[str, Any], connection: object) -> str:
        calls.append(connection)
        return str(user["name"])

    assert name_of({"id": 7, "name": "ann"}, object()) == "ann"
    assert name_of({"id": 7, "name": "bob"}, object()) == "ann"
    assert len(calls) == 1
    assert name_of.key({"id": 7}, None).endswith(":v1:7")


def test_tags_of_results(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize(tags=lambda user: [f"user:{user}", "users"])
    def profile(user: int) -> dict[str, int]:
        calls.append(user)
        return {"user": user}

    profile(1), profile(2), profile(1)
    assert calls == [1, 2]
    cache.invalidate_tags("user:1")
    profile(1), profile(2)
    assert calls == [1, 2, 1]
    cache.invalidate_tags("users")
    profile(1), profile(2)
    assert calls == [1, 2, 1, 1, 2]


def test_a_result_that_is_invalidated_while_it_is_computed_is_not_kept(cache: Any) -> None:
    """The computation began with older data."""
    calls: list[str] = []

    def change(how: str) -> None:
        calls.append(how)

    @cache.memoize(tags="t")
    def read(how: str) -> int:
        change(how)
        return calls.count(how)

    asynchronous = hasattr(cache, "target")
    if asynchronous:
        target = cache.target

        async def body(how: str) -> int:
            change(how)
            number = calls.count(how)
            if number == 1:
                await {
                    "tag": lambda: target.invalidate_tags("t"),
                    "invalidate": lambda: read.target.invalidate(how),
                    "delete": lambda: target.delete(read.key(how)),
                    "clear": target.clear,
                }[how]()
            return number

        read = type(cache)(target.memoize(tags="t", name="read")(body), cache.loop)
    else:

        @cache.memoize(tags="t", name="read")
        def read(how: str) -> int:
            change(how)
            number = calls.count(how)
            if number == 1:
                {
                    "tag": lambda: cache.invalidate_tags("t"),
                    "invalidate": lambda: read.invalidate(how),
                    "delete": lambda: cache.delete(read.key(how)),
                    "clear": cache.clear,
                }[how]()
            return number

    for how in ("tag", "invalidate", "delete", "clear"):
        assert read(how) == 1
        assert read(how) == 2, how
        assert read(how) == 2


def test_exceptions_are_not_kept(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize
    def fail() -> None:
        calls.append(1)
        raise KeyError("gone")

    for _ in range(2):
        with pytest.raises(KeyError, match="gone"):
            fail()
    assert len(calls) == 2
    assert fail.stats().errors == 2


def test_exceptions_are_kept_for_a_time_when_asked(cache: Any) -> None:
    calls: list[str] = []

    def fail() -> None:
        calls.append("")
        raise KeyError("gone")

    long = cache.memoize(cache_errors=60, name="long")(fail)
    for _ in range(3):
        with pytest.raises(KeyError, match="gone"):
            long()
    assert len(calls) == 1
    assert cache.get(long.key()) is None
    short = cache.memoize(cache_errors="20ms", name="short")(fail)
    for calls_before in (1, 2):
        assert len(calls) == calls_before
        with pytest.raises(KeyError, match="gone"):
            short()
        time.sleep(0.04)


def test_a_stale_result_is_computed_anew(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize(ttl="40ms", stale=60)
    def now() -> list[int]:
        calls.append(1)
        return calls.copy()

    assert now() == [1]
    time.sleep(0.06)
    assert now() == [1], "who asks does not wait"
    eventually(cache, lambda: cache.get(now.key()) == [1, 1])
    stats = now.stats()
    assert (stats.loads, stats.stale_hits, stats.misses) == (2, 1, 1)


def test_a_stale_result_is_computed_anew_by_its_caller_when_asked(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize(ttl="40ms", stale=60, background=False)
    def now() -> list[int]:
        calls.append(1)
        return calls.copy()

    assert now() == [1]
    assert cache.get_or_set("a", lambda: 1, "40ms", stale=60) == 1
    time.sleep(0.06)
    assert now() == [1, 1]
    assert now.stats().loads == 2
    assert cache.get_or_set("a", lambda: 2, "40ms", stale=60, background=False) == 2


def test_a_stale_value_is_made_anew(cache: Any) -> None:
    assert cache.get_or_set("a", lambda: 1, "40ms", stale=60) == 1
    time.sleep(0.06)
    assert cache.get_or_set("a", lambda: 2, 60, stale=60) == 1
    eventually(cache, lambda: cache.get("a") == 2)
    assert cache.get_or_set("a", lambda: 3, 60, stale=60) == 2


@pytest.mark.parametrize("background", [True, False])
def test_an_old_result_is_worth_more_than_an_error(cache: Any, background: bool) -> None:
    def once() -> Callable[[], int]:
        calls: list[int] = []

        def fail() -> int:
            calls.append(1)
            if len(calls) > 1:
                raise LookupError("gone")
            return 1

        return fail

    options = {"ttl": "30ms", "stale": 60, "background": background}
    lasting = cache.memoize(name="lasting", **options)(once())
    sparing = cache.memoize(name="sparing", cache_errors=60, **options)(once())
    for function in (lasting, sparing):
        assert function() == 1
        time.sleep(0.05)
        if background:
            errors = 1 if function is sparing else 2
            eventually(cache, lambda f=function, n=errors: f() == 1 and f.stats().errors >= n)
        else:
            with pytest.raises(LookupError):
                function()
        assert cache.get(function.key()) == 1
    assert [sparing() for _ in range(3)] == [1] * 3
    assert sparing.stats().errors == 1


def test_what_is_not_to_be_kept_takes_the_old_result_with_it(cache: Any) -> None:
    results: list[Any] = [1, None]

    @cache.memoize(ttl="30ms", stale=60, cache_none=False)
    def first() -> Any:
        return results[0]

    assert first() == 1
    del results[0]
    time.sleep(0.05)
    assert first() == 1
    eventually(cache, lambda: first.key() not in cache)
    assert first() is None
    results[0] = object
    cache.set(first.key(), 1)
    with pytest.warns(CacheWarning):
        assert first.refresh() is object
    assert first.key() not in cache


def test_what_is_dear_is_computed_before_it_expires(cache: Any) -> None:
    @cache.memoize(ttl=60, early=1e9)
    def dear() -> str:
        return "x"

    @cache.memoize(ttl=60, early=1)
    def cheap() -> str:
        return "x"

    for loads in range(1, 6):
        eventually(cache, lambda loads=loads: dear() == cheap() and dear.stats().loads >= loads)
    assert cheap.stats().loads == 1


def test_chance_is_asked_once(cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a result is computed early: else it would be less likely than it is to be."""
    asked: list[float] = []
    chance = [0.0]

    def draw() -> float:
        asked.append(chance[0])
        return chance[0]

    @cache.memoize(ttl=60, early=1, background=False)
    def dear() -> int:
        time.sleep(0.002)
        return 1

    dear()
    monkeypatch.setattr("kvlite.cache.core.random", draw)
    dear()
    assert (dear.stats().loads, asked) == (1, [0.0])
    monkeypatch.setattr("kvlite.cache.core.log", lambda unlikely: -1e9 if unlikely < 1 else 0.0)
    chance[0] = 0.5
    dear()
    assert (dear.stats().loads, asked) == (2, [0.0, 0.5])


def test_a_function_may_call_itself(cache: Any) -> None:
    """With the same arguments too, where waiting for itself would never end."""
    if hasattr(cache, "target"):
        target = cache.target
        deep: list[int] = []

        @target.memoize
        async def fib(number: int) -> int:
            return number if number < 2 else await fib(number - 1) + await fib(number - 2)

        @target.memoize
        async def same(number: int) -> int:
            deep.append(number)
            return await same(number) if len(deep) < 3 else number

        assert cache.loop.run_until_complete(fib(12)) == 144
        assert cache.loop.run_until_complete(same(5)) == 5
    else:
        deep = []

        @cache.memoize
        def fib(number: int) -> int:
            return number if number < 2 else fib(number - 1) + fib(number - 2)

        @cache.memoize
        def same(number: int) -> int:
            deep.append(number)
            return same(number) if len(deep) < 3 else number

        assert fib(12) == 144
        assert same(5) == 5
    assert len(deep) == 3
    assert fib.stats().loads == 13


def test_what_cannot_be_read_is_a_miss(open_cache: Callable[..., Any]) -> None:
    cache, other = open_cache(), open_cache(serializer="json")
    for data in ({"a": 1}, [1, 2], "text", True):
        cache.set("a", data)
        assert other.get("a", "none") == "none"
    other.set("b", {"a": [1, "x"]})
    assert cache.get("b") is None
    assert other.stats().unreadable == 4
    assert cache.stats().unreadable == 1

    @cache.memoize(name="f")
    def f() -> str:
        return "computed"

    other.set(f.key(), "something else")
    assert f() == f() == "computed"
    assert f.stats().unreadable >= 1


def test_what_is_of_another_type_is_a_miss(open_cache: Callable[..., Any]) -> None:
    """Whoever put it there: a program that has another use for the key."""
    cache = open_cache()
    calls: list[int] = []

    @cache.memoize(name="f")
    def f() -> str:
        calls.append(1)
        return "computed"

    @cache.memoize(name="g", key=lambda: 1)
    def g() -> str:
        return "computed"

    backend = cache._core.backend

    def spoil(name: str) -> None:
        sent = backend.execute(
            ("delete", [cache._core.key(name)], {}), ("rpush", (cache._core.key(name), 1), {})
        )
        cache.loop.run_until_complete(sent) if hasattr(cache, "loop") else run(sent)

    for name in ("a", "b", f.key(), g.key()):
        spoil(name)
    assert (cache.get("a"), "a" in cache, cache.touch("a")) == (None, False, False)
    assert cache.get_many(["a", "b"]) == {}
    with pytest.raises(TypeError, match="no integer"):
        cache.incr("a")
    assert cache.add("a", 5)
    assert cache.get_or_set("b", lambda: 6) == 6
    assert cache.get_many(["a", "b"]) == {"a": 5, "b": 6}
    assert (f(), f(), g(), g()) == ("computed",) * 4
    assert len(calls) == 1
    assert f.stats().unreadable >= 1


def test_errors_that_cannot_be_kept_are_said_when_they_are_to_be(cache: Any) -> None:
    class Refused(Exception):
        pass

    @cache.memoize(name="strict", cache_errors="1m")
    def strict() -> None:
        raise Refused

    with (
        pytest.raises(Refused),
        pytest.warns(CacheWarning, match="strict.* is not cached: .*register the type"),
    ):
        strict()


def test_what_cannot_be_kept_is_said(cache: Any) -> None:
    with pytest.raises(TypeError, match="a builtins.object cannot be kept: register the type"):
        cache.set("a", object())
    with pytest.raises(TypeError):
        cache.set_many({"b": 1, "c": object()})
    assert cache.get_many("abc") == {}

    @cache.memoize
    def thing() -> object:
        return object

    with pytest.warns(CacheWarning, match="thing.* is not cached: a builtins.type cannot be kept"):
        assert thing() is object
    assert thing.stats().unstored == 1

    @cache.memoize
    def of_several(number: int) -> object:
        return object

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        for number in range(5):
            of_several(number)
    assert len(said) == 1


@pytest.mark.parametrize("serializer", ["msgpack", "json", "pickle"])
def test_serializers(open_cache: Callable[..., Any], serializer: str) -> None:
    cache = open_cache(serializer=serializer)
    for value in (None, True, 5, -1.5, 1.0, "text", "5", [1, {"a": None}], {}, 1 << 70):
        cache.set("a", value, tags="t")
        assert cache.get("a", "none") == value
        cache.set("a", value)
        assert cache.get("a", "none") == value
    assert cache.stats().unreadable == 0


def test_what_is_signed(open_cache: Callable[..., Any]) -> None:
    cache = open_cache(serializer="pickle", secret=b"key")
    cache.set("a", {1: (2,)})
    cache.set("b", "other", tags="t")
    assert cache.get_many("ab") == {"a": {1: (2,)}, "b": "other"}
    for other in (open_cache(serializer="pickle", secret="another"), open_cache(serializer="pickle")):
        assert other.get("a") is None
        assert other.stats().unreadable == 1
    open_cache(serializer="pickle").set("a", "unsigned")
    assert cache.get("a") is None

    @cache.memoize
    def f() -> set[int]:
        return {1}

    assert f() == f() == {1}
    assert f.stats().hits == 1


# What is the same everywhere


def test_functions_that_cannot_be_memoized() -> None:
    cache = Cache(Store())

    def generate() -> Iterator[int]:
        yield 1

    async def generate_async() -> Any:
        yield 1

    for function in (generate, generate_async):
        with pytest.raises(TypeError, match=f"{function.__name__} is a generator function"):
            cache.memoize(function)
    with pytest.raises(TypeError, match="put @classmethod above"):
        cache.memoize(classmethod(lambda cls: 1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="memoize is for functions"):
        cache.memoize(int)
    with pytest.raises(TypeError, match="lambda.* has no name of its own: give memoize a name="):
        cache.memoize(lambda: 1)
    assert cache.memoize(name="one")(lambda: 1)() == 1
    with pytest.raises(TypeError, match="no option 'tll'"):
        cache.memoize(tll=1)  # type: ignore[call-overload]


def test_methods() -> None:
    cache = Cache(Store())

    class Page:
        def __init__(self, number: int) -> None:
            self.number = number

        def __cache_key__(self) -> int:
            return self.number

        @cache.memoize
        def render(self, style: str) -> str:
            return f"{self.number} {style}"

        @classmethod
        @cache.memoize
        def count(cls) -> str:
            return cls.__name__

        @staticmethod
        @cache.memoize
        def double(number: int) -> int:
            return 2 * number

    class Other(Page):
        pass

    assert Page(1).render("a") == Page(1).render("a") == "1 a"
    assert Page(2).render("a") == "2 a"
    assert Page.render.stats().hits == 1
    assert Page.render.invalidate(Page(1), "a")
    assert (Page.count(), Other.count(), Page.count()) == ("Page", "Other", "Page")
    assert Page.double(4) == Page(1).double(4) == 8
    assert Page.count.invalidate(Page)
    assert not Page.count.invalidate(Page)
    with pytest.raises(
        TypeError, match=r"render\(\) missing .*takes the object as well, as in .*Page.render"
    ):
        Page(1).render.invalidate("a")  # type: ignore[attr-defined]


def test_an_argument_without_a_place_in_a_key_is_named() -> None:
    cache = Cache(Store())

    @cache.memoize
    def query(table: str, connection: object) -> str:
        return table

    with pytest.raises(
        TypeError, match=r"query\(\) is memoized, and its argument 'connection' is a builtins.object"
    ):
        query("t", object())

    @cache.memoize(name="by", key=lambda connection: connection)
    def by(connection: object) -> int:
        return 1

    with pytest.raises(
        TypeError, match=r"by is memoized by a key=, which returned <.*a builtins.object has no"
    ):
        by(object())


def test_functions_that_differ_by_what_is_around_them() -> None:
    """They have one name, so the second finds what the first has kept; that is said."""

    def times(cache: Cache, factor: int, **options: Any) -> Callable[[int], int]:
        @cache.memoize(**options)
        def product(number: int) -> int:
            return number * factor

        return product

    def alone(cache: Cache) -> None:
        @cache.memoize
        def factorial(number: int) -> int:
            return number * factorial(number - 1) if number else 1

    cache = Cache(Store())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        times(cache, 2)
        alone(cache)
        alone(cache)
        times(Cache(Store()), 3)
        assert times(cache, 4, name="four")(1) == 4
        assert times(cache, 5, key=lambda number: (number, 5))(1) == 5
    with pytest.warns(
        CacheWarning, match="product is memoized once more, and finds the results of the one before"
    ):
        times(cache, 3)


def test_a_coroutine_function_stays_one() -> None:
    cache = Cache(Store())

    @cache.memoize
    async def f() -> int:
        return 1

    assert inspect.iscoroutinefunction(f)


def test_options_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="a cache needs a prefix"):
        Cache(Store(), "")
    with pytest.raises(ValueError, match="there is no serializer 'yaml'"):
        Cache(Store(), serializer="yaml")
    with pytest.raises(TypeError, match="a cache is kept in a Store"):
        Cache({})  # type: ignore[call-overload]
    for bad in (0, -1, "soon", "1x", ""):
        with pytest.raises(ValueError, match="duration"):
            Cache(Store(), ttl=bad)
    for bad in (1e30, float("inf")):
        with pytest.raises(ValueError, match="too long: None is for ever"):
            Cache(Store(), ttl=bad)
    with pytest.raises(ValueError, match="a secret is not empty"):
        Cache(Store(), secret="")
    with pytest.raises(TypeError, match="a prefix is a text, not 5"):
        Cache(Store(), 5)  # type: ignore[call-overload]
    cache: Any = Cache(Store())
    for option, wrong in {"key": 5, "early": "x", "typed": "x", "name": "", "version": None}.items():
        with pytest.raises(TypeError, match=f"{option} is .*, not {wrong!r}"):
            cache.memoize(**{option: wrong})
    for wrong in (5, [5], ["a", None]):
        for taking in (cache.set, cache.get_or_set):
            with pytest.raises(TypeError, match="(a tag is a text|tags are texts), not"):
                taking("a", 1, tags=wrong)
        with pytest.raises(TypeError, match="(a tag is a text|tags are texts), not"):
            cache.memoize(tags=wrong, name="f")(lambda: 1)
    with pytest.raises(TypeError, match="a tag is a text, not"):
        cache.invalidate_tags(["a"])
    with pytest.raises(ValueError, match="shared=False is for a Store"):
        Cache(Redis(Store()), shared=False)
    with pytest.raises(TypeError, match="an AsyncCache is kept in what is awaited"):
        AsyncCache(Store())  # type: ignore[arg-type]
    assert type(AsyncCache(AsyncStore())) is type(Cache(AsyncStore())) is AsyncCache

    class Own(Cache): ...

    assert type(Own(Store())) is Own
    with pytest.raises(TypeError, match="make it a class of AsyncCache"):
        Own(AsyncStore())  # type: ignore[call-overload]


def test_a_result_has_no_tags_if_its_function_says_none() -> None:
    cache = Cache(Store())

    @cache.memoize(tags=lambda user: [f"user:{user}"] if user else None)
    def name(user: int) -> str:
        return f"name {user}"

    assert (name(0), name(1), name(0), name(1)) == ("name 0", "name 1", "name 0", "name 1")
    cache.invalidate_tags("user:1")
    assert (name(0), name(1), name.stats().loads) == ("name 0", "name 1", 3)


def test_what_makes_a_value() -> None:
    """A coroutine function where it can be awaited; there, what need not be is taken as well."""

    async def make() -> int:
        return 1

    with pytest.raises(TypeError, match="does not await, and .*make.* is a coroutine function"):
        Cache(Store()).get_or_set("a", make)

    async def awaiting() -> list[int]:
        cache = Cache(AsyncStore())
        return [await cache.get_or_set("a", make), await cache.get_or_set("b", lambda: 2)]

    assert asyncio.run(awaiting()) == [1, 2]


def test_who_waits_and_who_blocks_are_not_mixed() -> None:
    async def waits() -> int:
        return 7

    def blocks() -> int:
        return 7

    with (
        redis.Redis() as client,
        pytest.raises(TypeError, match="waits is a coroutine function, and the client"),
    ):
        Cache(client).memoize(waits)
    with pytest.raises(TypeError, match="blocks is no coroutine function, and this cache is awaited"):
        Cache(AsyncStore()).memoize(blocks)  # type: ignore[arg-type]
    for local in (Cache(Redis(Store())), Cache(Store(), shared=True)):
        function = local.memoize(waits)
        assert asyncio.run(function()) == asyncio.run(function()) == 7
        assert function.stats().hits == 1
        assert function.invalidate()


def test_a_full_store_keeps_nothing_and_hinders_nobody() -> None:
    store = Store(maxmemory=1, maxmemory_policy="noeviction")
    for cache in (Cache(store), Cache(store, shared=True), Cache(Redis(store))):
        for tags in ("", "t"):

            @cache.memoize(tags=tags or [])
            def f(number: int) -> int:
                return number * 2

            with pytest.warns(CacheWarning, match="is not cached"):
                assert f(4) == 8
            assert f.stats().unstored == f.stats().loads
        with pytest.raises(Exception, match="OOM|maxmemory"):
            cache.set("a", 1)


def test_evictions_are_counted_by_function() -> None:
    store = Store(maxkeys=10, maxmemory_policy="allkeys-lru")
    cache, inner, other = Cache(store, "a:"), Cache(Redis(store), "a:b:"), Cache(store.select(1), "a:")

    def same(number: int) -> int:
        return number

    f, g = cache.memoize(name="f")(same), cache.memoize(name="f:v1")(same)
    for number in range(30):
        f(number)
    assert f.stats().evictions == 20
    for number in range(30):
        g(number)
    assert (f.stats().evictions, g.stats().evictions) == (30, 20)
    for number in range(10):
        inner.set(f"{number}", 1)
    assert (g.stats().evictions, inner.stats().evictions) == (30, 0)
    for number in range(10):
        cache.set(f"@{number}", 1)
    assert (cache.stats().evictions, inner.stats().evictions) == (60, 10)
    store.config_set("maxkeys", 1)
    assert (cache.stats().evictions, inner.stats().evictions, other.stats().evictions) == (69, 10, 0)
    assert store.info("stats")["evicted_keys"] == 79
    assert cache.report().splitlines()[-1].endswith(" 69")


def test_a_tag_that_is_evicted_is_no_entry() -> None:
    store = Store(maxkeys=2, maxmemory_policy="allkeys-lru")
    cache = Cache(store)
    cache.set("a", 1, tags="t")
    cache.set_many({"b": 1, "c": 1})
    assert sorted(store) == [b"cache:b", b"cache:c"]
    assert cache.stats().evictions == 1


def test_evictions_of_a_store_that_is_opened_late_or_elsewhere(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncStore(tmp_path / "a.kv", maxkeys=1, maxmemory_policy="allkeys-lru") as store:
            cache = Cache(store)
            await cache.set("a", 1)
            await cache.set("b", 1)
            assert cache.stats().evictions == 1

    asyncio.run(main())
    with redis.Redis() as client:
        assert Cache(client).report().endswith(" -")


def test_time_is_that_of_the_store() -> None:
    store = Store(clock=ManualClock())
    for cache in (Cache(store), Cache(Redis(store), "r:")):
        calls: list[int] = []

        @cache.memoize(ttl="1h", stale="1h", key=lambda calls: 1)
        def count(calls: list[int]) -> int:
            calls.append(1)
            return len(calls)

        assert count(calls) == 1
        store.advance(3599)
        assert count(calls) == 1
        store.advance(2)
        assert count(calls) == 1
        key = count.key(calls)
        eventually(cache, lambda cache=cache, key=key: cache.get(key) == 2)
        store.advance(7201)
        assert cache.get(count.key(calls)) is None
