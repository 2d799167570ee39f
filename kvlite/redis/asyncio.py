# mypy: disable-error-code="no-untyped-call"
# (redis-py has no annotations beneath its commands)
"""redis.asyncio's client, connections and pipelines over a Store in this process.

What needs not wait is done at once, and gives other tasks a turn now and then; what waits is awaited on the
loop that runs. See `client` for the short way that commands go.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Self

import redis.asyncio
from redis._parsers.resp3 import _AsyncRESP3Parser
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.client import NEVER_DECODE
from redis.exceptions import ConnectionError, ResponseError
from redis.observability.providers import get_observability_instance

from ..bell import AsyncBell, Turns
from ..store import Store
from ..wire.line import Line
from ..wire.replies import NO_REPLY, PARKED, Push, Reply
from .moulds import Moulds
from .pipelines import WATCHING, Callbacks, Transaction, may_exchange, undecoded
from .talk import (
    CLOSED,
    STORE_CLOSED,
    CommonCallbacks,
    Options,
    Plug,
    Talk,
    Words,
    answer,
    greet,
    lost,
    of_client,
    pool_of,
    shown,
    store_of,
    take_retry,
    without_socket,
)

_OPTIONS = Options(redis.asyncio.Redis, AbstractConnection)


class AsyncPlug(Plug):
    """What redis-py takes for the reader and the writer of a connection."""

    async def wait_closed(self) -> None:
        """It is closed at once."""


class AsyncReplies(_AsyncRESP3Parser):
    """A parser in redis-py's sense: it takes replies from the line and makes Python values of them."""

    pubsub_push_handler_func = _AsyncRESP3Parser.handle_pubsub_push_response

    def __init__(self, socket_read_size: int) -> None:
        super().__init__(socket_read_size)
        del self.pubsub_push_handler_func  # the class has it: a method of its own would keep the object alive

    def on_connect(self, connection: Any) -> None:
        self._line: Line | None = connection.line
        self._bell: AsyncBell = connection.bell
        self._talk: Talk = connection.talk
        self._turns: Turns = connection.turns

    def on_disconnect(self) -> None:
        self._line = None

    async def can_read(self) -> bool:
        line = self._line
        if line is None or line.session.store._shared.closed:
            raise OSError(STORE_CLOSED if line is not None else CLOSED)
        return line.ready() or line.ended

    async def read_response(self, disable_decoding: bool = False, push_request: bool | None = False) -> Any:
        line = self._line
        if line is None:
            raise ConnectionError(CLOSED)
        while True:
            if line.session.listener is not None and self._turns.over():
                await self._turns.pause()
            while not await self._ready(line):
                if line.ended:
                    raise lost(line)
                with line.waiting() as seconds:
                    await self._bell.wait(seconds)
            reply = line.take()
            response = self._talk.converter(line, disable_decoding)(reply)
            if line.session.protocol == 2 or not isinstance(reply, Push):
                return response
            response = await self.handle_push_response(response)
            if push_request:
                return response

    @staticmethod
    async def _ready(line: Line) -> bool:
        """Whether there is something to take, and kept as it must be."""
        store = line.session.store
        with store._deferring() as owed:
            ready = line.ready()
        if owed:
            await asyncio.to_thread(store._settle, owed)
        return ready


class AsyncConnection(AbstractConnection):
    """A connection to `store`; the other options are those of redis-py's connections."""

    def __init__(self, *, store: Store[Any] | None = None, **options: Any) -> None:
        self.store = store_of(store)
        self.line: Line | None = None
        self.bell = AsyncBell()
        self.turns = Turns()
        retry = take_retry(options)
        super().__init__(**without_socket(options) | {"parser_class": AsyncReplies})
        if retry is not None:
            self.retry = retry
        self.talk = Talk.of(self.encoder)

    def __del__(self, _warnings: Any = None) -> None:
        line = self.__dict__.get("line")
        if line is not None:
            line.hang_up()

    def repr_pieces(self) -> list[tuple[str, Any]]:
        pieces: list[tuple[str, Any]] = [("store", self.store), ("db", self.db)]
        if self.client_name:
            pieces.append(("client_name", self.client_name))
        return pieces

    def getpeername(self) -> str | None:
        return None

    async def _connect(self) -> None:
        self.line = Line(self.store, self.bell.ring)
        self.line.session.shares_thread = True
        self._reader = self._writer = AsyncPlug(self.line)  # type: ignore[assignment]

    def _host_error(self) -> str:
        return shown(self.store)

    async def connect(self) -> None:
        if self.store._shared.closed:
            raise ConnectionError(STORE_CLOSED)  # which no retry will change
        await super().connect()

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        if not greet(self):
            await super().on_connect_check_health(check_health)

    def pack_command(self, *args: Any) -> list[Words]:  # type: ignore[override]
        return [self.talk.words(args)]

    def pack_commands(self, commands: Iterable[Any]) -> list[Words]:  # type: ignore[override]
        return self.talk.requests(commands)

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Run requests, as `pack_command` has made them; their replies wait to be read."""
        if not self.is_connected:
            await self.connect_check_health(check_health=False)
        if check_health:
            await self.check_health()
        if self.turns.over():
            await self.turns.pause()
        assert self.line is not None
        with self.store._deferring() as owed:
            self.line.send(command)
        if owed:
            await asyncio.to_thread(self.store._settle, owed)

    def is_direct(self) -> bool:
        """Whether a command may be given to the session at once."""
        line = self.line
        return (
            line is not None
            and line.idle
            and not self._should_reconnect
            and not self.himport_registry.revision  # type: ignore[union-attr]  # every pool has one
            and not self.turns.over()
        )

    async def exchange(self, requests: list[Words], raw: Collection[int] = ()) -> list[Any]:
        """Send requests and read their replies, errors as exceptions; those numbered in `raw` undecoded."""
        await self.send_packed_command(requests)
        assert self.line is not None
        replies = self.talk.take_all(self.line, len(requests), raw)
        if replies is None:
            replies = []
            for at in range(len(requests)):
                try:
                    replies.append(await self.read_response(disable_decoding=at in raw))
                except ResponseError as error:
                    replies.append(error)
        return replies


class AsyncConnectionPool(redis.asyncio.ConnectionPool):
    """Connections to one store, a new one in memory if none is given."""

    def __init__(
        self,
        store: Store[Any] | None = None,
        connection_class: type[AsyncConnection] = AsyncConnection,
        max_connections: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            connection_class=connection_class,
            max_connections=max_connections,
            store=store_of(store),
            **without_socket(options),
        )

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        """A pool with what a URL says but where: its database, user, password and options."""
        connection = options.get("connection_class", AsyncConnection)
        return cls(**options | dict(parse_url(url)) | {"connection_class": connection})

    @property
    def store(self) -> Store[Any]:
        found: Store[Any] = self.connection_kwargs["store"]
        return found


class AsyncRedis(CommonCallbacks, redis.asyncio.Redis):  # type: ignore[misc]  # its own bases disagree
    """A `redis.asyncio.Redis` that talks to `store`, or to a new store in memory, without a socket.

    The options are redis-py's; those that say where a server is and how to reach it mean nothing here.
    Closing the client does not close the store.
    """

    def __init__(self, store: Store[Any] | None = None, **options: Any) -> None:
        pool = options.get("connection_pool")
        if pool is None:
            _moulds.construct(self, store_of(store), options)
        elif store is None:
            self._construct(pool_of(pool, AsyncConnection), options)
        else:
            raise TypeError("a client has the store of its connection_pool: give one or the other")

    def _construct_with_pool(self, store: Store[Any], **options: Any) -> None:
        of_pool = _OPTIONS.of_pool(options)
        self._construct(AsyncConnectionPool(store, **of_pool), options | of_pool)
        self.auto_close_connection_pool = True

    def _construct(self, pool: AsyncConnectionPool, options: dict[str, Any]) -> None:
        super().__init__(connection_pool=pool, **of_client(options))
        self._share_callbacks()
        self._talk = Talk.of(self.get_encoder())
        self._direct = self._may_be_direct()

    def _may_be_direct(self) -> bool:
        pool, own = self.connection_pool, type(self)
        return (
            type(pool) is AsyncConnectionPool
            and pool.connection_class is AsyncConnection
            and not self.single_connection_client
            and not pool.connection_kwargs.get("health_check_interval")
            and not pool.connection_kwargs.get("credential_provider")
            and own.parse_response is redis.asyncio.Redis.parse_response
            and own._send_command_parse_response is redis.asyncio.Redis._send_command_parse_response
        )

    @property
    def store(self) -> Store[Any]:
        """The store that this client talks to."""
        found: Store[Any] = self.connection_pool.connection_kwargs["store"]
        return found

    @classmethod
    def from_url(
        cls,
        url: str,
        single_connection_client: bool = False,
        auto_close_connection_pool: bool | None = None,
        *,
        store: Store[Any] | None = None,
        **options: Any,
    ) -> Self:
        """A client with what a URL says but where: its database, user, password and options."""
        pool = AsyncConnectionPool.from_url(url, store=store, **options)
        client = cls(connection_pool=pool, single_connection_client=single_connection_client)
        client.auto_close_connection_pool = auto_close_connection_pool is not False
        return client

    if TYPE_CHECKING:

        @classmethod
        def from_pool(cls, connection_pool: redis.asyncio.ConnectionPool) -> Self: ...

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> AsyncPipeline:
        return AsyncPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    # The short way

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if not self._direct or self.store._syncs or get_observability_instance().is_enabled():
            return await super().execute_command(*args, **options)
        words = self._talk.words(args)
        available: list[Any] = self.connection_pool._available_connections
        connection = available.pop() if available else None
        if connection is None or not connection.is_direct():
            if connection is not None:
                available.append(connection)
            return await super().execute_command(*args, **options)
        try:
            reply = connection.line.session.execute(words)
        except BaseException:
            await connection.disconnect()
            available.append(connection)
            raise
        if reply is PARKED or reply is NO_REPLY:
            return await self._await_reply(connection, reply, args, options)
        convert = self._talk.converter(connection.line, NEVER_DECODE in options)
        available.append(connection)
        try:
            return await _answer(convert(reply), options, self._callbacks.get(args[0]))
        except connection.retry._supported_errors:
            pass
        return await self._await_reply(await self.connection_pool.get_connection(), reply, args, options)

    async def _await_reply(
        self, connection: Any, reply: Reply, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """The answer to a command that has been sent and waits for something, or is to be sent again, as
        redis-py gets it."""
        pool: Any = self.connection_pool
        pool._in_use_connections.add(connection)
        connection.line.accept(reply)
        sent = True

        async def attempt() -> Any:
            nonlocal sent
            if not sent:
                return await self._send_command_parse_response(connection, args[0], *args, **options)
            sent = False
            return await self.parse_response(connection, args[0], **options)

        try:
            return await connection.retry.call_with_retry(
                attempt, lambda error: connection.disconnect(error=error)
            )
        finally:
            await pool.release(connection)


_moulds = Moulds(AsyncRedis, AsyncRedis._construct_with_pool)


class AsyncPipeline(Transaction, redis.asyncio.client.Pipeline):  # type: ignore[misc]  # its own bases disagree
    """A pipeline of redis.asyncio's, over a Store in this process."""

    async def _execute_transaction(self, connection: Any, commands: Any, raise_on_error: bool) -> list[Any]:
        if not may_exchange(connection, AsyncConnection):
            return list(await super()._execute_transaction(connection, commands, raise_on_error))
        replies = await connection.exchange(self._requests(connection, commands))
        results = self._results(connection, commands, replies, raise_on_error)
        callbacks = Callbacks(self.response_callbacks)
        return [
            result if isinstance(result, Exception) else await _answer(result, options, callbacks[args[0]])
            for result, (args, options) in zip(results, commands, strict=True)
        ]

    async def _execute_pipeline(self, connection: Any, commands: Any, raise_on_error: bool) -> list[Any]:
        if not may_exchange(connection, AsyncConnection):
            return list(await super()._execute_pipeline(connection, commands, raise_on_error))
        requests = connection.pack_commands(args for args, _ in commands)
        replies = await connection.exchange(requests, undecoded(commands))
        callbacks, results = Callbacks(self.response_callbacks), []
        for reply, (args, options) in zip(replies, commands, strict=True):
            name = args[0]
            try:
                results.append(await _answer(reply, options, callbacks[name]))
                if name in WATCHING:
                    self.watching = WATCHING[name]
            except ResponseError as error:
                results.append(error)
        if raise_on_error:
            self.raise_first_error(commands, results)
        return results


async def _answer(response: Any, options: dict[str, Any], callback: Any) -> Any:
    """`answer`, whose callback may be a coroutine function."""
    result = answer(response, options, callback)
    return await result if inspect.isawaitable(result) else result
