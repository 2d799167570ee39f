"""Fixtures for pytest: a store, clients and a server, empty and private to each test.

pytest finds this by itself once kvlite is installed. Nothing is imported before a fixture is used.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .clock import ManualClock
    from .redis import AsyncRedis, Redis
    from .store import Store

MARKER = "kvlite"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "kvlite(data=None, snapshot=None, path=None, **options): what kvlite_store holds at first (a dict, or"
        " a file of JSON or YAML beside the test's; a file that Store.save wrote), the folder it is kept in"
        " (the test's own, unless the path is absolute), and more options it is opened with",
    )


_opened = pytest.StashKey[bool]()
"""Set for a test whose store has been opened."""


@pytest.fixture
def kvlite_clock(request: pytest.FixtureRequest) -> ManualClock:
    """The clock of this test's store, which stands still until `kvlite_clock.advance(seconds)`; that of the
    marker, if it gives one.

    A test that does not ask for it has a store that goes by the machine's clock.
    """
    from .clock import ManualClock

    clock = _marked(request.node)[0].get("clock")
    if clock is not None:
        return clock  # type: ignore[no-any-return]
    if _opened in request.node.stash:
        pytest.fail(
            f"kvlite_clock comes too late: the store of {request.node.nodeid} has been opened without it."
            " Name it among the arguments of the test, or of a fixture that it uses",
            pytrace=False,
        )
    return ManualClock()


@pytest.fixture
def kvlite_store(request: pytest.FixtureRequest) -> Iterator[Store[Any]]:
    """A store, empty but for what a `kvlite` marker puts into it, and closed after the test. It is in memory,
    unless the marker has a `path`: that of a folder below `tmp_path`, or an absolute one."""
    from .store import Store

    node = request.node
    options, loads = _marked(node)
    with _marker_of(node, options):
        if options.get("path") is not None:
            options["path"] = request.getfixturevalue("tmp_path") / options["path"]
        if "kvlite_clock" in request.fixturenames:
            options.setdefault("clock", request.getfixturevalue("kvlite_clock"))
        opened = Store(**options)
    with opened as store:
        for kind, what in loads:
            with _marker_of(node, {kind: what}):
                if kind == "snapshot":
                    store.restore_from(_located(node, what))
                else:
                    store.seed(_located(node, what))
        node.stash[_opened] = True
        yield store
        del node.stash[_opened]


@pytest.fixture
def kvlite_redis(kvlite_store: Store[Any]) -> Redis:
    """A redis.Redis on the data of `kvlite_store`, without a server. It decodes responses if the store does,
    and ends with it."""
    from .redis import Redis

    return Redis(kvlite_store, decode_responses=kvlite_store._decodes)


@pytest.fixture
def kvlite_async_redis(kvlite_store: Store[Any]) -> AsyncRedis:
    """A redis.asyncio.Redis on the data of `kvlite_store`, without a server, like `kvlite_redis`."""
    from .redis import AsyncRedis

    return AsyncRedis(kvlite_store, decode_responses=kvlite_store._decodes)


@pytest.fixture
def kvlite_server(kvlite_store: Store[Any]) -> Iterator[str]:
    """The URL of a server of `kvlite_store`, for whatever opens connections itself: `redis://127.0.0.1:PORT/0`."""
    from .server import Server

    with Server(kvlite_store, port=0) as server:
        yield server.url


def _marked(node: pytest.Item) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """The options of the markers of a test, those nearest to it counting most, and what is to be loaded."""
    options: dict[str, Any] = {}
    loads: list[tuple[str, Any]] = []
    for marker in reversed(list(node.iter_markers(MARKER))):
        if marker.args:
            words = ", ".join(map(reprlib.repr, marker.args))
            raise _wrong(node, words, "this marker takes keywords only, such as data={...}")
        for name, value in marker.kwargs.items():
            if name in ("data", "snapshot"):
                loads.append((name, value))
            else:
                options[name] = value
    return options, loads


@contextmanager
def _marker_of(node: pytest.Item, said: dict[str, Any]) -> Iterator[None]:
    """A block that does what the marker of a test has `said`, and blames it for whatever goes wrong."""
    try:
        yield
    except Exception as error:
        words = ", ".join(f"{name}={reprlib.repr(value)}" for name, value in said.items())
        raise _wrong(node, words, str(error)) from None


def _wrong(node: pytest.Item, words: str, problem: str) -> BaseException:
    """What fails a test for the words of its marker: one line, without the way there."""
    return pytest.fail.Exception(f"@pytest.mark.kvlite({words}) of {node.nodeid}: {problem}", pytrace=False)


def _located(node: pytest.Item, file: Any) -> Any:
    """A relative path is one from the test's own folder."""
    return node.path.parent / file if isinstance(file, (str, Path)) else file
