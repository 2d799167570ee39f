"""Scripts and functions that take long: what the others are told meanwhile, and how they are ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from oracle import Oracle
from raw import Socket, plain_server, request

from kvlite import ResponseError, Server, Store

redis = pytest.importorskip("redis")
pytest.importorskip("lupa.lua51", reason="scripts need the extra 'lua': pip install 'kvlite[lua]'")

SOON = 10
BRIEF = 10
"""Milliseconds after which the others are told that a script is busy."""
LIBRARY = """#!lua name=lib
local function forever() while true do end end
redis.register_function('forever', forever)
redis.register_function{function_name = 'ro', flags = {'no-writes'}, callback = forever}
redis.register_function('write', function(keys)
    redis.call('SET', keys[1], 1)
    while redis.call('EXISTS', 'stop') == 0 do end
end)
redis.register_function('stubborn', function() while true do pcall(forever) end end)
"""
FOREVER = "while true do end"
EVAL = ("EVAL", FOREVER, 0)
FCALL = ("FCALL", "forever", 0)
BUSY = {"EVAL": b"SCRIPT", "FCALL": b"FUNCTION", "FCALL_RO": b"FUNCTION"}


class Clients:
    """A client of each."""

    def __init__(self, sockets: list[Socket]) -> None:
        self.sockets = sockets

    def send(self, *words: Any) -> None:
        for each in self.sockets:
            each.send(request(*words))

    def reply(self, blur: Callable[[bytes], bytes] = lambda reply: reply) -> bytes:
        theirs, own = (blur(each.reply()) for each in self.sockets)
        assert own == theirs
        return theirs

    def ask(self, *words: Any, blur: Callable[[bytes], bytes] = lambda reply: reply) -> bytes:
        theirs, own = (blur(each.ask(*words)) for each in self.sockets)
        assert own == theirs, words
        return theirs

    def disconnect(self) -> None:
        for each in self.sockets:
            each.disconnect()


class Both:
    """A Redis and a server of a store that are asked the same over sockets."""

    def __init__(self, theirs: Any, own: Any) -> None:
        self.addresses = theirs, own

    def connect(self) -> Clients:
        return Clients([Socket(address) for address in self.addresses])


@pytest.fixture(scope="module")
def servers(oracle: Oracle) -> Iterator[tuple[Any, Any, Any]]:
    options = ["--busy-reply-threshold", str(BRIEF), "--save", "", "--appendonly", "no"]
    store = Store()
    store.config_set("busy-reply-threshold", BRIEF)
    with plain_server(*options) as theirs, Server(store, port=0) as server:
        yield theirs, ("127.0.0.1", server.port), store


@pytest.fixture
def both(servers: tuple[Any, Any, Any]) -> Iterator[Both]:
    theirs, own, _ = servers
    found = Both(theirs, own)
    clients = found.connect()
    clients.ask("FLUSHALL")
    clients.ask("FUNCTION", "FLUSH")
    clients.ask("FUNCTION", "LOAD", LIBRARY)
    clients.disconnect()
    yield found
    clients = found.connect()
    assert clients.ask("PING") == b"+PONG\r\n", "a script is left running"
    clients.disconnect()


@contextlib.contextmanager
def busy(both: Both, *words: Any) -> Iterator[Clients]:
    """A block in which both are busy with a script, and the client that sent it."""
    sender, asking = both.connect(), both.connect()
    sender.send(*words)
    for each in asking.sockets:
        deadline = time.monotonic() + SOON
        while not each.ask("GET", "x").startswith(b"-BUSY"):
            assert time.monotonic() < deadline
    asking.disconnect()
    yield sender
    sender.disconnect()


def without_figures(reply: bytes) -> bytes:
    """Without how long it has been running, and what connections are numbered."""
    return re.sub(rb"(duration_ms\r\n|\$2\r\nid\r\n):\d+", rb"\1:", reply)


ASKED = """
    PING|GET x|MULTI|GET x|EXEC|DISCARD|UNWATCH|RESET|HELLO 3|HELLO 2|AUTH x|AUTH a b|SCRIPT LOAD x
    SCRIPT EXISTS x|SCRIPT FLUSH|SCRIPT HELP|FUNCTION STATS|FUNCTION LIST|FUNCTION DUMP|FUNCTION FLUSH
    FUNCTION LOAD x|FUNCTION HELP|CLIENT LIST|CLIENT ID|CLIENT REPLY ON|SHUTDOWN SAVE|SHUTDOWN NOSAVE x
    SUBSCRIBE x|PUBLISH x y|PUBSUB CHANNELS|INFO|DEBUG SLEEP 0|NOSUCH|GET|ASKING|READONLY|SELECT 1
    CONFIG GET x|EVAL x 0|EVALSHA x 0|FCALL none 0|FCALL_RO ro 0|COMMAND COUNT|MONITOR
    MULTI|SCRIPT KILL|EXEC|MULTI|RESET
"""


@pytest.mark.parametrize(
    "words", [EVAL, FCALL, ("FCALL_RO", "ro", 2, "a", "b", "c")], ids=lambda words: words[0]
)
def test_what_the_others_are_told(both: Both, words: tuple[Any, ...]) -> None:
    with busy(both, *words) as sender:
        clients = both.connect()
        for line in filter(None, map(str.strip, ASKED.replace("|", "\n").split("\n"))):
            clients.ask(*line.split(), blur=without_figures)
        kinds = ["SCRIPT", "FUNCTION"] if BUSY[words[0]] == b"FUNCTION" else ["FUNCTION", "SCRIPT"]
        assert clients.ask(kinds[0], "KILL").startswith(b"-BUSY")
        assert clients.ask(kinds[1], "KILL") == b"+OK\r\n"
        assert b"KILL... script:" in sender.reply()
        for kind in kinds:
            clients.ask(kind, "KILL")
        clients.ask("FUNCTION", "STATS")
        clients.ask("QUIT")


@pytest.mark.parametrize(
    "words",
    [
        ("EVAL", "redis.call('SET', KEYS[1], 1) while redis.call('EXISTS', 'stop') == 0 do end", 1, "k"),
        ("EVAL", "redis.call('DEL', KEYS[1]) " + FOREVER, 1, "k"),
        ("EVAL", "redis.pcall('INCR', KEYS[1]) " + FOREVER, 1, "k"),
        ("FCALL", "write", 1, "k"),
    ],
    ids=str,
)
def test_what_has_written_cannot_be_ended(servers: tuple[Any, Any, Any], words: tuple[Any, ...]) -> None:
    """But with the server: each has one of its own."""
    store = Store()
    store.config_set("busy-reply-threshold", BRIEF)
    with plain_server("--busy-reply-threshold", str(BRIEF)) as theirs, Server(store, port=0) as server:
        both = Both(theirs, ("127.0.0.1", server.port))
        clients = both.connect()
        clients.ask("FUNCTION", "LOAD", LIBRARY)
        with busy(both, *words):
            for line in ["SCRIPT KILL", "FUNCTION KILL", "GET k", "SHUTDOWN"]:
                clients.ask(*line.split())
            clients.send("SHUTDOWN", "NOSAVE")
            for each in clients.sockets:
                assert each.rest() == b""


ENDED = [
    FOREVER,
    f"while true do pcall(function() {FOREVER} end) end",
    f"pcall(function() {FOREVER} end) return 7",
    f"pcall(function() {FOREVER} end)\n\nreturn 7",
    f"return pcall(function() {FOREVER} end)",
    f"return {{coroutine.resume(coroutine.create(function() {FOREVER} end))}}",
    f"return coroutine.wrap(function() {FOREVER} end)()",
    f"return setmetatable({{}}, {{__index = function() {FOREVER} end}}).x",
    "while true do redis.call('PING') end",
    "while true do redis.pcall('SET', 'x') end",
    "redis.call('GET', 'x') while true do redis.call('TTL', 'x') end",
    "redis.call('PUBLISH', 'x', 'y') while true do end",
    "#!lua flags=no-writes\nwhile true do redis.pcall('SET', 'a', 'b') end",
    "local t = {} while true do t[#t % 100 + 1] = ('x'):rep(100) end",
    "local function f() return f() end f()",
    f"error(setmetatable({{}}, {{__newindex = function() {FOREVER} end}}))",
]


@pytest.mark.parametrize("script", ENDED)
def test_what_is_ended(both: Both, script: str) -> None:
    clients = both.connect()
    with busy(both, "EVAL", script, 0) as sender:
        assert clients.ask("SCRIPT", "KILL") == b"+OK\r\n"
        sender.reply()
    clients.disconnect()


@pytest.mark.parametrize("function", ["forever", "stubborn", "ro"])
def test_functions_are_ended(both: Both, function: str) -> None:
    clients = both.connect()
    with busy(both, "FCALL", function, 0) as sender:
        assert clients.ask("FUNCTION", "KILL") == b"+OK\r\n"
        sender.reply()
    clients.disconnect()


def test_a_transaction_goes_on(both: Both) -> None:
    sender, clients = both.connect(), both.connect()
    for words in [("MULTI",), ("SET", "m", "1"), EVAL, FCALL, ("SET", "m", "2")]:
        sender.ask(*words)
    with busy(both, *EVAL) as first:
        sender.ask("EXEC")
        clients.ask("SCRIPT", "KILL")
        first.reply()
    for words in [("MULTI",), ("SET", "m", "3"), EVAL, ("GET", "m")]:
        sender.ask(*words)
    sender.send("EXEC")
    for each in clients.sockets:
        while not each.ask("SCRIPT", "KILL").startswith(b"+"):
            pass
    sender.reply()
    clients.ask("GET", "m")


def test_what_was_sent_behind_a_script(both: Both) -> None:
    sender, clients = both.connect(), both.connect()
    for each in sender.sockets:
        each.send(request(*EVAL) + request("PING") + request("SET", "a", "b") + request("GET", "a"))
    for each in clients.sockets:
        while not each.ask("SCRIPT", "KILL").startswith(b"+"):
            pass
    for _ in range(4):
        sender.reply()


def test_who_leaves_leaves_the_script(both: Both) -> None:
    clients = both.connect()
    with busy(both, *EVAL) as sender:
        sender.disconnect()
        clients.ask("PING")
        clients.ask("SCRIPT", "KILL")
    for each in clients.sockets:
        while each.ask("PING").startswith(b"-BUSY"):
            pass


def test_who_watches_or_listens_may_go(both: Both) -> None:
    watching, listening = both.connect(), both.connect()
    watching.ask("WATCH", "k")
    listening.ask("SUBSCRIBE", "c")
    with busy(both, *EVAL) as sender:
        watching.ask("RESET")
        listening.ask("RESET")
        listening.ask("QUIT")
        watching.ask("SCRIPT", "KILL")
        sender.reply()
    watching.ask("SET", "k", "1")
    watching.ask("MULTI")
    watching.ask("EXEC")


def test_who_watches_meanwhile_is_answered_at_once(both: Both) -> None:
    watching, clients = both.connect(), both.connect()
    with busy(both, *EVAL) as sender:
        assert watching.ask("WATCH", "k") == b"+OK\r\n"
        watching.ask("UNWATCH")
        watching.ask("WATCH", "k", "l")
        watching.ask("WATCH", "m")
        watching.ask("WATCH")
        clients.ask("SCRIPT", "KILL")
        sender.reply()
    clients.ask("SET", "l", "1")
    watching.ask("MULTI")
    assert watching.ask("EXEC") == b"*-1\r\n"


@pytest.mark.parametrize("key", ["k", "other"])
def test_what_a_script_writes_afterwards_is_watched(both: Both, key: str) -> None:
    watching, script = both.connect(), "for i = 1, 3e7 do end return redis.call('SET', KEYS[1], 1)"
    with busy(both, "EVAL", script, 1, key) as sender:
        assert watching.ask("WATCH", "k") == b"+OK\r\n"
        sender.reply()
    watching.ask("MULTI")
    assert watching.ask("EXEC") == (b"*-1\r\n" if key == "k" else b"*0\r\n")


def test_who_watches_meanwhile_and_leaves_is_forgotten(servers: tuple[Any, Any, Any], both: Both) -> None:
    _, address, store = servers
    with busy(both, *EVAL) as sender:
        for _ in range(20):
            with Socket(address) as client:
                client.send(request("WATCH", "k"))
        clients = both.connect()
        clients.ask("SCRIPT", "KILL")
        sender.reply()
    deadline = time.monotonic() + SOON
    while store._shared.observers:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_coroutine_that_a_library_keeps_is_ended(both: Both) -> None:
    """Also in a later call than that which made it."""
    for maker in ["coroutine.wrap(body)", "resuming(coroutine.create(body))"]:
        clients = both.connect()
        clients.ask(
            "FUNCTION",
            "LOAD",
            "REPLACE",
            f"""#!lua name=sleepers
            local sleeper
            local function resuming(made) return function() return select(2, coroutine.resume(made)) end end
            local function body() coroutine.yield('asleep') while true do end end
            redis.register_function('sleep', function() sleeper = sleeper or {maker} return sleeper() end)
            """,
        )
        assert clients.ask("FCALL", "sleep", 0) == b"$6\r\nasleep\r\n"
        with busy(both, "FCALL", "sleep", 0) as sender:
            assert clients.ask("FUNCTION", "KILL") == b"+OK\r\n"
            sender.reply(blur=lambda reply: reply[:30])
        clients.disconnect()


def test_others_are_told_so_where_memory_is_full_as_well() -> None:
    store = Store()
    store.set("a", "x")
    store.config_set("busy-reply-threshold", BRIEF, "maxmemory", 1)
    with Server(store, port=0) as server:
        client, other = (Socket(("127.0.0.1", server.port)) for _ in range(2))
        client.send(request("EVAL", f"#!lua flags=no-writes\n{FOREVER}", 0))
        while not other.ask("SET", "a", "b").startswith(b"-BUSY"):
            pass
        assert other.ask("SCRIPT", "KILL") == b"+OK\r\n"
        assert client.reply().startswith(b"-ERR Script killed by user")


def test_a_server_that_is_closed_ends_what_its_clients_run() -> None:
    store = Store()
    store.config_set("busy-reply-threshold", BRIEF)
    with Server(store, port=0) as server:
        client, other = (Socket(("127.0.0.1", server.port)) for _ in range(2))
        client.send(request(*EVAL))
        while not other.ask("PING").startswith(b"-BUSY"):
            pass
    assert client.rest() == b""
    assert store.set("a", 1)


# Within the process


def running(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """A thread that does `work`, and what comes of it."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except (ResponseError, redis.ResponseError) as error:
            outcome.append(str(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


def ended(thread: threading.Thread, kill: Callable[[], Any]) -> Any:
    """What `kill` returned in the end, when there was something to end."""
    deadline = time.monotonic() + SOON
    while True:
        assert time.monotonic() < deadline
        try:
            killed = kill()
        except (ResponseError, redis.ResponseError):  # it has not begun
            continue
        thread.join(SOON)
        return killed


def test_another_thread_ends_a_script() -> None:
    store = Store()
    thread, outcome = running(lambda: store.eval(FOREVER, 0))
    assert ended(thread, store.script_kill) is True
    assert (
        "Script killed by user with SCRIPT KILL... script: 694a5fe1ddb97a4c6a1bf299d9537c7d3d0f84e7"
        in outcome[0]
    )
    assert store.set("a", 1)


def test_another_thread_ends_a_function() -> None:
    store = Store(decode_responses=True)
    store.function_load(LIBRARY)
    thread, outcome = running(lambda: store.fcall("forever", 1, "k", "v"))
    deadline = time.monotonic() + SOON
    while store.function_stats()["running_script"] is None:
        assert time.monotonic() < deadline
    stats = store.function_stats()
    assert stats["running_script"]["name"] == "forever"
    assert stats["running_script"]["command"] == ["FCALL", "forever", "1", "k", "v"]
    assert stats["engines"] == {"LUA": {"libraries_count": 1, "functions_count": 4}}
    with pytest.raises(
        ResponseError, match="BUSY Redis is busy running a script. You can only call FUNCTION KILL"
    ):
        store.script_kill()
    assert ended(thread, store.function_kill) == "OK"
    assert outcome == ["Script killed by user with SCRIPT KILL... script: forever, on @user_function:2."]


class Gate(logging.Handler):
    """Where a script that logs something stops until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.open = threading.Event(), threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.reached.set()
        self.open.wait(SOON)


def test_another_thread_waits_for_what_has_written() -> None:
    store, gate = Store(), Gate()
    logger = logging.getLogger("kvlite.script")
    logger.addHandler(gate)
    try:
        script = "redis.call('SET', 'a', 1) redis.log(redis.LOG_WARNING, 'here') return 5"
        thread, outcome = running(lambda: store.eval(script, 0))
        assert gate.reached.wait(SOON)
        with pytest.raises(ResponseError, match="UNKILLABLE"):
            store.script_kill()
        gate.open.set()
        assert store.get("a") == b"1"
        thread.join(SOON)
        assert outcome == [5]
    finally:
        logger.removeHandler(gate)


@pytest.mark.parametrize("function", [False, True])
def test_doors_end_what_other_doors_run(function: bool) -> None:
    """A thread, a client of a server, and one in the process: each ends what each of the others runs."""
    from kvlite.redis import Redis

    store = Store()
    store.config_set("busy-reply-threshold", BRIEF)
    store.function_load(LIBRARY)
    with Server(store, port=0) as server:
        doors = [lambda: store, lambda: Redis(store), lambda: redis.Redis.from_url(server.url)]
        for runs in doors:
            for kills in doors:
                runner, killer = runs(), kills()
                work = partial(runner.fcall, "forever", 0) if function else partial(runner.eval, FOREVER, 0)
                thread, outcome = running(work)
                ended(thread, killer.function_kill if function else killer.script_kill)
                assert "Script killed by user" in outcome[0]
                for each in (runner, killer):
                    assert each.get("x") is None
                    if each is not store:
                        each.close()


def test_a_client_in_the_process_is_told_so_too() -> None:
    """Who asked before a script was busy, which here is when another thread says so, and who asks after."""
    from kvlite.redis import AsyncRedis, Redis

    async def set_a() -> None:
        async with AsyncRedis(store) as client:
            await client.set("a", 1)

    store = Store()
    store.config_set("busy-reply-threshold", 300)
    client = Redis(store)
    asks: list[Callable[[], object]] = [
        lambda: client.set("a", 1),
        lambda: client.pipeline(transaction=False).set("a", 1).get("a").execute(),
        lambda: asyncio.run(set_a()),
    ]
    for ask in asks:
        thread, _ = running(lambda: store.eval(FOREVER, 0))
        while store._shared.instance.running is None:
            assert thread.is_alive()
        with pytest.raises(redis.ResponseError, match="BUSY Redis is busy running a script"):
            ask()
        ended(thread, store.script_kill)
    assert store.get("a") is None
