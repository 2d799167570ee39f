"""Servers: their life, whom they let in, and what they do as time passes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from ..errors import RedisError
from ..store import Store
from ..wire import commands as commands  # fills the table
from ..wire.config import is_local
from ..wire.instance import Instance
from .connection import Connection, keep_alive
from .group_commit import GroupCommit
from .listening import Listeners, Place
from .terms import Terms, Value

log = logging.getLogger("kvlite")

TICK = 0.1
"""Seconds between looks at what time has brought, where nothing is due before."""
TICK_WHEN_LOCKED = 0.01
"""The same while others have the store's lock: the loop waits for nobody, least of all for a script."""
DUE_AT_ONCE = 500
"""How many keys may expire between two turns of the loop."""
FAREWELL = 5.0
"""Seconds that clients have to read their last replies when the server stops."""

FULL = b"-ERR max number of clients reached\r\n"
PROTECTED = (
    b"-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for"
    b" the default user. In this mode connections are only accepted from the loopback interface. If you want"
    b" to connect from external computers to Redis you may adopt one of the following solutions: 1) Just"
    b" disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface"
    b" by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not"
    b" publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2)"
    b" Alternatively you can just disable the protected mode by editing the Redis configuration file, and"
    b" setting the protected mode option to 'no', and then restarting the server. 3) If you started the"
    b" server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an"
    b" authentication password for the default user. NOTE: You only need to do one of the above things in"
    b" order for the server to start accepting connections from the outside.\r\n"
)


class Server:
    """Serves a store to Redis clients: in a thread of its own, or within asyncio.

    >>> from kvlite import Server, Store
    >>> with Server(Store(), port=0) as server:
    ...     server.url.startswith("redis://127.0.0.1:")
    True

    `host` is an address to listen at, or several; only this machine can connect unless it says otherwise.
    `port` 0 picks a free one, and None listens at no port; so does `tls_port`. The other parameters are
    Redis's, with underscores: `unixsocket="/run/kvlite"`, `requirepass="..."`, `maxclients=100`,
    `tls_cert_file=..., tls_key_file=..., tls_ca_cert_file=...`. TypeError for one that there is not, and for
    what is no store; ValueError for one that is wrong.
    They hold when the server starts. Where it listens, whom it lets in and what it grants them ends with it,
    whoever has set it meanwhile; what is the store's own, such as `maxmemory`, stays with the store.

    `with`, or `start` and `close`, use a thread; `async with` and `serve_forever` the running loop. OSError
    if it cannot listen, ValueError for TLS that cannot be and for what this store cannot do. Stopping ends
    the connections, not the store; what has been answered is as safe then as `sync` makes it. A store has one
    server at a time, as it has one configuration: RuntimeError while another serves it.
    """

    def __init__(
        self,
        store: Store[Any],
        host: str | Iterable[str] = "127.0.0.1",
        port: int | None = 6379,
        tls_port: int | None = None,
        **parameters: Value,
    ) -> None:
        if not isinstance(store, Store):
            raise TypeError(f"a server serves a kvlite.Store (of an AsyncStore, its `store`), not {store!r}")
        self.store = store
        self.instance = Instance.of(store)
        self._check_alone()
        self._terms = Terms(self.instance.config, host, port, tls_port, parameters)
        self.connections: dict[Connection, None] = {}
        self.full: dict[Connection, None] = {}
        """Those that have more to read than their sockets take at once."""
        self.commit: GroupCommit | None = None
        self.loop: asyncio.AbstractEventLoop
        self._free_ports = port == 0, tls_port == 0
        self._listeners = Listeners(
            self.instance.config,
            lambda: Connection(self),
            store._shared.lock._is_owned,  # type: ignore[attr-defined]
        )
        self._awake: deque[Connection] = deque()
        self._waking = False
        self.is_stopping = False
        """Nothing more is run for anybody."""
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._closed: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def _check_alone(self) -> None:
        if self.instance.stop is not None:
            raise RuntimeError(
                "another server serves this store: close it first, or let one listen at several places"
            )

    def _set_limits(self) -> None:
        self.query_limit: int = self.instance.config["client-query-buffer-limit"]

    def __repr__(self) -> str:
        return f"<Server {', '.join(map(str, self.places)) or 'that does not listen'}>"

    @property
    def port(self) -> int | None:
        """The port it listens at, or listened at in the end; None if there is none."""
        return self._terms["port"] or None

    @property
    def tls_port(self) -> int | None:
        """The same for TLS."""
        return self._terms["tls-port"] or None

    @property
    def url(self) -> str:
        """Where it listens, first of all, as `redis.from_url` takes it: with the password if there is one.
        RuntimeError if it does not listen: not yet, not any more, or nowhere."""
        urls = self.urls
        if not urls:
            raise RuntimeError("the server does not listen: there is a URL from its start to its end")
        return urls[0]

    @property
    def urls(self) -> list[str]:
        """Every place where it listens, as `redis.from_url` takes it: with the password if there is one."""
        password = self.instance.config["requirepass"]
        login = f":{quote(password, safe='')}@" if password else ""
        return [_url(place, login) for place in self.places]

    @property
    def places(self) -> list[Place]:
        """Every place where it listens."""
        return self._listeners.places

    # Its life

    def start(self) -> Self:
        """Listen, in a thread of its own, until `close`."""
        self._check_unused()
        listening: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(listening,), name="kvlite-server", daemon=True
        )
        self._thread.start()
        try:
            listening.result()
        except BaseException:
            self._thread.join()
            self._thread = None
            raise
        return self

    def _run(self, listening: Future[None]) -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self._serve(listening))

    async def _serve(self, listening: Future[None]) -> None:
        try:
            await self._open()
        except BaseException as error:
            listening.set_exception(error)
            return
        listening.set_result(None)
        await self.serve_forever()

    def stop(self) -> None:
        """Run nothing more for any client, and begin to close. Any thread, as often as it likes; so does
        SHUTDOWN."""
        if self._closed is not None:
            self.is_stopping = True
            for connection in list(self.connections):
                connection.finish()
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self.loop.call_soon_threadsafe(self._begin_to_close)

    def close(self) -> None:
        """Stop, and return when that is done: clients have read what was answered, and are gone. Not for the
        loop's thread. Closing again does nothing."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._check_unused()
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        await self.serve_forever()

    async def serve_forever(self) -> None:
        """Return when somebody has stopped the server: `stop`, or a client by SHUTDOWN. RuntimeError if it
        was not started in this loop."""
        if self._closed is None or self._loop_thread != threading.get_ident():
            raise RuntimeError("the server does not serve in this loop: start it by `async with`")
        await self._closed.wait()

    def _check_unused(self) -> None:
        if self._thread is not None or self._closed is not None:
            raise RuntimeError("a server is used once: make another one")

    async def _open(self) -> None:
        self._check_alone()
        self.loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._closed = asyncio.Event()
        durability = self.store._durability()
        if durability is not None:
            self.commit = GroupCommit(self.loop, durability)
        self._terms.apply()
        try:
            self._listeners.open(*self._free_ports)
            self._terms.stand()
        except BaseException:
            self._terms.end()
            raise
        self._set_limits()
        self.instance.config.on_change(self._set_limits, "client-query-buffer-limit")
        self.instance.stop = self.stop
        self.store._shared.alarms.append(self._ring)
        self._tick()

    def _begin_to_close(self) -> None:
        if self._closing is None:
            self._closing = self.loop.create_task(self._close())

    async def _close(self) -> None:
        assert self._closed is not None
        try:
            await self._say_farewell()
            await self.loop.run_in_executor(None, self.store.sync)
        except RedisError as error:  # the store is closed, or said so when it failed
            log.info("nothing to sync at the end: %s", error)
        finally:
            self._terms.end()
            self.instance.stop = None
            self._closed.set()

    async def _say_farewell(self) -> None:
        self._listeners.close()
        self.instance.runner.say_farewell()
        if self._timer is not None:
            self._timer.cancel()
        self.store._shared.alarms.remove(self._ring)
        self.instance.config.forget(self._set_limits)
        if self.commit is not None:
            await self.commit.drained()
        deadline = self.loop.time() + FAREWELL
        while self.connections and self.loop.time() < deadline:
            await asyncio.sleep(0.001)
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)

    # Whom it lets in

    def addresses(self, transport: asyncio.Transport) -> tuple[str, str]:
        """Both ends of a connection, as CLIENT LIST shows them."""
        config = self.instance.config
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if not isinstance(peer, tuple):
            path = f"{os.path.abspath(config['unixsocket'])}:0"
            return path, path
        if config["tcp-keepalive"]:
            keep_alive(transport.get_extra_info("socket"), config["tcp-keepalive"])
        return _address(peer), _address(own)

    def refusal(self, address: str) -> bytes | None:
        """What a new connection from there is told that may not come in."""
        instance = self.instance
        if len(self.connections) >= instance.config["maxclients"]:
            instance.statistics.rejected_connections += 1
            return FULL
        if instance.config["protected-mode"] and instance.acl.is_open and not is_local(address):
            return PROTECTED
        return None

    # Whose turn it is

    def wake(self, connection: Connection) -> None:
        """Let `connection` proceed soon, when others had their turn. Any thread."""
        self._awake.append(connection)
        if not self._waking:
            self._waking = True
            if threading.get_ident() == self._loop_thread:
                self.loop.call_soon(self._proceed)
            else:
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    self.loop.call_soon_threadsafe(self._proceed)

    def _proceed(self) -> None:
        self._waking = False
        for _ in range(len(self._awake)):
            self._awake.popleft().proceed()

    # What time brings

    def _ring(self) -> None:
        """A key is due earlier than was known. Any thread, under the store's lock."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._tick)

    def _tick(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.store._shared.closed:
            self.stop()
        if self.is_stopping:
            return
        try:
            self._look_after_connections()
            seconds = self._expire()
        except Exception:
            log.exception("an error in the server, which goes on")
            seconds = TICK
        self._timer = self.loop.call_later(seconds, self._tick)

    def _look_after_connections(self) -> None:
        for connection in list(self.full):
            connection.check_output()
        timeout = self.instance.config["timeout"]
        if timeout:
            now = self.instance.now()
            for connection in list(self.connections):
                connection.check_idle(now, timeout)

    def _expire(self) -> float:
        """Remove some of what is due; in how many seconds to look again."""
        shared = self.store._shared
        if not shared.lock.acquire(blocking=False):
            return TICK_WHEN_LOCKED
        try:
            shared.expire_due(DUE_AT_ONCE)
            now, due = shared.now(), shared.next_due
            shared.room.time_out(now)
            if due is None or shared.frozen or not shared.active_expire:
                return TICK
            return min(TICK, max(0.001, (due - now) / 1000))
        finally:
            shared.lock.release()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's loop where that is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _url(place: Place, login: str) -> str:
    if place.path:
        return f"unix://{login}{place.path}?db=0"
    host = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::*": "::1", "::": "::1"}.get(place.host, place.host)
    host = f"[{host}]" if ":" in host else host
    return f"{'rediss' if place.secure else 'redis'}://{login}{host}:{place.port}/0"


def _address(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
