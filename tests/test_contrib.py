"""Caches for frameworks: Django's own tests of caches, cachelib's interface, Flask-Caching, Flask-Session."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kvlite import Server, Store
from kvlite.contrib.locations import connect

HERE = Path(__file__).parent / "applications"
KINDS = ["memory", "folder", "server"]


def required(*modules: str) -> None:
    for name in modules:
        if importlib.util.find_spec(name) is None:
            if os.environ.get("CI") == "true":
                pytest.fail(f"{name} is not installed")
            pytest.skip(f"{name} is not installed")


@pytest.fixture(params=KINDS)
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "server":
        with Store() as store, Server(store, port=0) as server:
            yield server.url
            return
    name = f"memory:{tmp_path}" if request.param == "memory" else str(tmp_path / "cache.kv")
    yield name
    store = connect(name, {})
    assert isinstance(store, Store)
    store.close()


def test_djangos_own_tests(tmp_path: Path) -> None:
    """In memory, in a folder and on a server, side by side, for they mostly sleep."""
    required("django")
    source = os.environ.get("DJANGO_SOURCE")
    if source is None:
        if os.environ.get("CI") == "true":
            pytest.fail("DJANGO_SOURCE names no folder with Django's source")
        pytest.skip("DJANGO_SOURCE names no folder with Django's source")
    with Store() as store, Server(store, port=0) as server:
        runs = [
            subprocess.Popen(
                [sys.executable, str(HERE / "django_cache_tests.py"), source, location],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for location in ("", str(tmp_path / "cache.kv"), server.url)
        ]
        for run in runs:
            said, _ = run.communicate(timeout=240)
            assert run.returncode == 0, said


def test_django_awaits_nothing_in_memory() -> None:
    """Awaiting a method of a cache in memory takes no other thread."""
    required("django")
    script = """
import asyncio, threading
from django.conf import settings
backend = "kvlite.contrib.django.KvliteCache"
settings.configure(CACHES={"default": {"BACKEND": backend, "OPTIONS": {"seed": 1}}})
from django.core.cache import cache

async def main():
    await cache.aset("a", 1)
    assert await cache.aadd("a", 2) is False
    assert await cache.aincr("a", 5) == 6
    assert await cache.aget_many(["a", "b"]) == {"a": 6}
    await cache.aset_many({"b": [1], "c": None}, timeout=60)
    assert await cache.aget_or_set("d", lambda: 4) == 4
    assert await cache.ahas_key("c") and await cache.atouch("c", 5)
    await cache.adelete_many(["b"])
    assert not await cache.adelete("b")
    await cache.aclear()
    assert await cache.aget("c", "gone") == "gone"
    assert threading.active_count() == 1

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_who_names_a_location_shares_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = connect("cache.kv", {"fsync": "never"})
    assert isinstance(store, Store)
    assert connect(tmp_path / "cache.kv", {}) is store
    assert connect("memory:a", {}) is not connect("memory:b", {})
    store.set("kept", "yes")
    store.close()
    again = connect("cache.kv", {})
    assert again is not store
    assert again.get("kept") == b"yes"
    again.close()


class TestCachelib:
    """What is not cachelib's affair; the rest is in test_cachelib.py."""

    @pytest.fixture
    def cache(self, location: str) -> Any:
        required("cachelib")
        from kvlite.contrib.cachelib import KvliteCache

        return KvliteCache(location, default_timeout=60, key_prefix="app:")

    def test_timeouts(self, cache: Any) -> None:
        backend = cache._shelf.backend
        cache.set("default", 1)
        cache.set("own", 1, timedelta(minutes=5))
        cache.set("forever", 1, 0)
        assert 59_000 < backend.pttl("app:default") <= 60_000
        assert 299_000 < backend.pttl("app:own") <= 300_000
        assert backend.pttl("app:forever") == -1
        assert cache.inc("own") == 2
        assert backend.pttl("app:own") > 60_000

    def test_counting(self, cache: Any) -> None:
        assert cache.inc("n", 5) == 5
        assert cache.dec("n") == 4
        assert 0 < cache._shelf.backend.ttl("app:n") <= 60
        assert cache.dec("m") == -1
        cache.set("text", "x")
        assert cache.inc("text") is None
        cache.set("big", 2**63 - 1)
        assert cache.inc("big") == 2**63

    def test_clear_leaves_others_alone(self, cache: Any) -> None:
        cache._shelf.backend.set("other", "1")
        cache._shelf.backend.set("app", "1")
        cache.set_many({str(n): n for n in range(1_200)})
        assert cache.clear()
        assert cache._shelf.backend.dbsize() == 2

    def test_what_cannot_be_read_is_missing(self, cache: Any) -> None:
        cache._shelf.backend.set("app:a", b"\x80\x05nonsense")
        assert cache.get("a") is None
        assert cache.get_many("a", "b") == [None, None]

    def test_a_prefix_is_no_pattern(self, location: str) -> None:
        from kvlite.contrib.cachelib import KvliteCache

        odd = KvliteCache(location, key_prefix="[a]*?\\^")
        odd.set("k", 1)
        odd._shelf.backend.set("a-other", "1")
        odd.clear()
        assert odd._shelf.backend.keys() == [b"a-other"]


def test_a_serializer_is_named_or_given() -> None:
    required("cachelib")
    from kvlite.contrib.cachelib import KvliteCache

    cache = KvliteCache("memory:named", serializer="json")
    assert cache.set("a", [1, None])
    assert connect("memory:named", {}).get("a") == b"[1,null]"
    assert cache.get("a") == [1, None]
    assert KvliteCache("memory:named", serializer="msgpack").get("a") is None
    with pytest.raises(ValueError, match="there is no serializer 'yaml'"):
        KvliteCache("memory:named", serializer="yaml")
    with pytest.raises(TypeError, match="a serializer has dumps and loads, and 5 has not"):
        KvliteCache("memory:named", serializer=5)  # type: ignore[arg-type]


def test_flask_caching() -> None:
    required("flask_caching")
    from flask import Flask
    from flask_caching import Cache

    app = Flask(__name__)
    options = {"location": "memory:flask", "key_prefix": "f:"}
    cache = Cache(app, config={"CACHE_TYPE": "kvlite.contrib.cachelib.KvliteCache", "CACHE_OPTIONS": options})
    calls = []

    @app.route("/")
    @cache.cached(timeout=60)
    def page() -> str:
        calls.append(1)
        return "hello"

    @cache.memoize(60)
    def square(n: int) -> int:
        calls.append(n)
        return n * n

    with app.test_client() as client:
        assert client.get("/").text == client.get("/").text == "hello"
    with app.app_context():
        assert square(7) == square(7) == 49
        cache.delete_memoized(square, 7)
        assert square(7) == 49
    assert calls == [1, 7, 7]


def test_flask_session(tmp_path: Path) -> None:
    required("flask_session")
    from flask import Flask, session
    from flask_session import Session

    from kvlite.contrib.cachelib import KvliteCache

    sessions = KvliteCache(tmp_path / "sessions.kv")
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=sessions)
    Session(app)

    @app.route("/visit")
    def visit() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    with app.test_client() as client:
        assert [client.get("/visit").text for _ in range(3)] == ["1", "2", "3"]
    sessions._shelf.backend.close()
