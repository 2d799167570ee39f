"""cachelib's interface as it is documented, and random histories side by side with a cache of its own."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cachelib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kvlite import Server, Store

OURS = ["memory", "folder", "server"]
KINDS = ["SimpleCache", *OURS]


@pytest.fixture
def open_cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Of the kind that a test names, with the options that all have."""
    from kvlite.contrib.cachelib import KvliteCache

    kind = request.param
    opened: list[Any] = []

    def opening(**options: Any) -> Any:
        if kind == "SimpleCache":
            return cachelib.SimpleCache(**options)
        cache = KvliteCache(
            {"memory": f"memory:{tmp_path}", "folder": tmp_path / "kv"}.get(kind, url), **options
        )
        opened.append(cache)
        return cache

    with Store() as store, Server(store, port=0) as server:
        url = server.url
        yield opening
        for cache in opened:
            cache._shelf.backend.close()


def everywhere(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("open_cache", KINDS, indirect=True)(test)


VALUES = [0, 1, -1, 2**70, True, False, None, 1.5, "", "text", b"\xff", [1, [2]], {"a": (1, 2)}, {1, 2}]


@everywhere
def test_values_come_back(open_cache: Callable[..., Any]) -> None:
    cache = open_cache()
    for value in VALUES:
        assert cache.set("key", value) is True
        found = cache.get("key")
        assert found == value
        assert type(found) is type(value)
    assert cache.get("missing") is None
    changed = [1]
    cache.set("list", changed)
    changed.append(2)
    cache.get("list").append(3)
    assert cache.get("list") == [1]


@everywhere
def test_several_at_once(open_cache: Callable[..., Any]) -> None:
    cache = open_cache()
    assert cache.set_many({"a": 1, "b": [2]}) == ["a", "b"]
    assert cache.get_many("b", "missing", "a", "b") == [[2], None, 1, [2]]
    assert cache.get_dict("a", "missing") == {"a": 1, "missing": None}
    assert cache.set_many({}) == cache.get_many() == []
    assert cache.get_dict() == {}
    assert cache.delete_many("a", "missing") == ["a", "missing"]
    assert cache.delete_many() == []
    assert not cache.has("a")
    strict = open_cache(ignore_delete_many_errors=False)
    assert strict.delete_many("missing", "b") == ["missing", "b"]


@everywhere
def test_adding_and_deleting(open_cache: Callable[..., Any]) -> None:
    cache = open_cache()
    assert cache.add("a", 1) is True
    assert cache.add("a", 2) is False
    assert cache.get("a") == 1
    assert cache.has("a") is True
    assert cache.delete("a") is True
    assert cache.delete("a") is False
    assert cache.has("a") is False
    assert cache.add("a", None) is True
    assert cache.has("a") is True
    cache.set("b", 1)
    assert cache.clear() is True
    assert cache.get_many("a", "b") == [None, None]


@everywhere
def test_counting(open_cache: Callable[..., Any]) -> None:
    cache = open_cache()
    assert cache.inc("new") == 1
    assert cache.inc("new", 5) == 6
    assert cache.dec("new", 2) == 4
    assert cache.dec("another") == -1
    assert cache.get_many("new", "another") == [4, -1]
    cache.set("big", 2**63)
    assert cache.inc("big") == 2**63 + 1


@everywhere
def test_threads_lose_no_count(open_cache: Callable[..., Any]) -> None:
    cache = open_cache()
    threads = [threading.Thread(target=lambda: [cache.inc("n") for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get("n") == 100


@everywhere
def test_timeouts(open_cache: Callable[..., Any]) -> None:
    """In whole seconds, and rounded up to them; 0 is for ever, and the past is over."""
    cache, lasting = open_cache(default_timeout=1), open_cache(default_timeout=0)
    cache.set("default", 1)
    cache.set("own", 1, timeout=60)
    cache.set("span", 1, timeout=timedelta(milliseconds=1))
    cache.set("longer", 1, timeout=timedelta(minutes=1))
    cache.set("for ever", 1, timeout=0)
    cache.add("added", 1, timeout=1)
    cache.set_many({"many": 1}, timeout=1)
    lasting.set("lasting", 1)
    lasting.add("lasting too", 1)
    cache.set("past", 1, timeout=-1)
    assert not cache.has("past")
    time.sleep(1.1)
    assert cache.get_many("default", "span", "added", "many") == [None] * 4
    assert not cache.has("default")
    assert cache.add("default", 2, timeout=60) is True
    assert cache.get_many("own", "longer", "for ever", "default") == [1, 1, 1, 2]
    assert lasting.get_many("lasting", "lasting too") == [1, 1]


@everywhere
def test_what_is_no_timeout(open_cache: Callable[..., Any]) -> None:
    cache = open_cache()
    for call in (cache.set, cache.add):
        with pytest.raises(TypeError, match="timeout must be an int or datetime.timedelta"):
            call("a", 1, timeout="60")
    with pytest.raises(TypeError, match="timeout must be"):
        open_cache(default_timeout="60")
    with pytest.warns(DeprecationWarning, match="Float timeouts"):
        cache.set("a", 1, timeout=0.5)
    assert cache.get("a") == 1


@everywhere
def test_what_cannot_be_pickled(open_cache: Callable[..., Any]) -> None:
    cache = open_cache()
    cache.set("a", 1)
    for value in (lambda: 1, threading.Lock()):
        with pytest.raises((pickle.PickleError, AttributeError, TypeError)):
            cache.set("a", value)
    assert cache.get("a") == 1


@pytest.mark.parametrize("open_cache", OURS, indirect=True)
def test_what_is_no_number_is_not_counted_with(open_cache: Callable[..., Any]) -> None:
    """None is cachelib's word for what a backend cannot do; its own caches raise."""
    cache = open_cache()
    cache.set("text", "x")
    assert cache.inc("text") is None
    assert cache.dec("text") is None
    assert cache.get("text") == "x"


KEYS = st.sampled_from(["a", "b", "c", "é", ""])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["get", "has", "delete"]), KEYS),
    st.tuples(st.sampled_from(["set", "add"]), KEYS, st.sampled_from(VALUES), st.sampled_from([None, 0, 60])),
    st.tuples(st.sampled_from(["get_many", "get_dict", "delete_many"]), KEYS, KEYS),
    st.tuples(
        st.just("set_many"), st.dictionaries(KEYS, st.sampled_from(VALUES)), st.sampled_from([None, 0])
    ),
    st.tuples(st.sampled_from(["inc", "dec"]), st.sampled_from(["n", "m"]), st.integers(-5, 5)),
    st.tuples(st.just("clear")),
)


@pytest.mark.parametrize("open_cache", OURS, indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=30))
def test_histories(open_cache: Callable[..., Any], steps: list[tuple[Any, ...]]) -> None:
    """Every answer is that of cachelib's SimpleCache."""
    own, theirs = open_cache(key_prefix="p:"), cachelib.SimpleCache()
    own.clear()
    for name, *arguments in steps:
        given_back = [getattr(cache, name)(*arguments) for cache in (own, theirs)]
        assert given_back[0] == given_back[1], (name, arguments)
