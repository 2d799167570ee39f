# mypy: disable-error-code="no-untyped-call"
# (redis-py has no annotations beneath its commands)
"""redis-py's client, pipeline included, over a Store in this process.

A command of redis-py goes from `execute_command` through a pool, a packer, a socket and a parser. Where
nothing speaks against it, `_execute_command` here takes an idle connection out of the pool and has its
session run the command at once. Whatever needs more goes redis-py's own way, over the same connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import redis
from redis.client import NEVER_DECODE
from redis.connection import AbstractConnection
from redis.exceptions import ResponseError
from redis.observability.providers import get_observability_instance

from ..store import Store
from ..wire.replies import NO_REPLY, PARKED, Reply
from .connection import Connection, ConnectionPool
from .moulds import Moulds
from .pipelines import WATCHING, Callbacks, Command, Transaction, may_exchange, undecoded
from .talk import CommonCallbacks, Options, Talk, answer, of_client, pool_of, store_of

_OPTIONS = Options(redis.Redis, AbstractConnection)


class Redis(CommonCallbacks, redis.Redis):
    """A `redis.Redis` that talks to `store`, or to a new store in memory, without a socket.

    The options are redis-py's, by their names; those that say where a server is and how to reach it mean
    nothing here. Closing the client does not close the store.
    """

    def __init__(self, store: Store[Any] | None = None, **options: Any) -> None:
        pool = options.get("connection_pool")
        if pool is None:
            _moulds.construct(self, store_of(store), options)
        elif store is None:
            self._construct(pool_of(pool, Connection), options)
        else:
            raise TypeError("a client has the store of its connection_pool: give one or the other")

    def _construct_with_pool(self, store: Store[Any], **options: Any) -> None:
        of_pool = _OPTIONS.of_pool(options)
        self._construct(ConnectionPool(store, **of_pool), options | of_pool)
        self.auto_close_connection_pool = True

    def _construct(self, pool: ConnectionPool, options: dict[str, Any]) -> None:
        super().__init__(connection_pool=pool, **of_client(options))
        self._share_callbacks()
        self._talk = Talk.of(self.get_encoder())
        self._direct = self._may_be_direct()

    def _may_be_direct(self) -> bool:
        pool, own = self.connection_pool, type(self)
        return (
            type(pool) is ConnectionPool
            and pool.connection_class is Connection
            and pool.cache is None
            and not self._single_connection_client
            and not pool.connection_kwargs.get("health_check_interval")
            and not pool.connection_kwargs.get("credential_provider")
            and own.parse_response is redis.Redis.parse_response
            and own._send_command_parse_response is redis.Redis._send_command_parse_response
        )

    def __enter__(self) -> Self:
        return self

    @property
    def store(self) -> Store[Any]:
        """The store that this client talks to."""
        found: Store[Any] = self.connection_pool.connection_kwargs["store"]
        return found

    @classmethod
    def from_url(cls, url: str, *, store: Store[Any] | None = None, **options: Any) -> Self:
        """A client with what a URL says but where: its database, user, password and options."""
        single = options.pop("single_connection_client", False)
        pool = ConnectionPool.from_url(url, store=store, **options)
        client = cls(connection_pool=pool, single_connection_client=single)
        client.auto_close_connection_pool = True
        return client

    if TYPE_CHECKING:

        @classmethod
        def from_pool(cls, connection_pool: redis.ConnectionPool) -> Self: ...

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def __del__(self) -> None:
        """Its connections end by themselves; to end them here would be to do it in the middle of anything."""

    # The short way

    def _execute_command(self, *args: Any, **options: Any) -> Any:
        if not self._direct or get_observability_instance().is_enabled():
            return super()._execute_command(*args, **options)
        words = self._talk.words(args)
        pool: Any = self.connection_pool
        available = pool._available_connections
        try:
            connection = available.pop()
        except IndexError:
            connection = pool.open_connection()
        if not connection.is_direct():
            available.append(connection)
            return super()._execute_command(*args, **options)
        line = connection.line
        try:
            reply = line.session.execute(words)
        except BaseException:
            connection.disconnect()
            available.append(connection)
            raise
        if reply is PARKED or reply is NO_REPLY:
            return self._await_reply(connection, reply, args, options)
        convert = self._talk.converter(line, NEVER_DECODE in options)
        available.append(connection)
        try:
            return answer(convert(reply), options, self._callbacks.get(args[0]))
        except connection.retry._supported_errors:
            pass
        return self._await_reply(pool.get_connection(), reply, args, options)

    def _await_reply(
        self, connection: Connection, reply: Reply, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """The answer to a command that has been sent and waits for something, or is to be sent again, as
        redis-py gets it."""
        pool: Any = self.connection_pool
        pool._in_use_connections.add(connection)
        assert connection.line is not None
        connection.line.accept(reply)
        sent = True

        def attempt() -> Any:
            nonlocal sent
            if not sent:
                return self._send_command_parse_response(connection, args[0], *args, **options)
            sent = False
            return self.parse_response(connection, args[0], **options)

        try:
            return connection.retry.call_with_retry(attempt, lambda error: self._close_connection(connection))
        finally:
            pool.release(connection)

    def _close_connection(self, conn: Connection, *failure: Any) -> None:
        """Before a command is sent again, for which there has to be a store."""
        super()._close_connection(conn, *failure)
        conn.check_store()


_moulds = Moulds(Redis, Redis._construct_with_pool)


class Pipeline(Transaction, redis.client.Pipeline):
    """A pipeline of redis-py's, over a Store in this process."""

    def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        if self.watching or args[0] == "WATCH":
            return super().execute_command(*args, **kwargs)
        self.command_stack.append((args, kwargs))
        return self

    def _execute_transaction(
        self, connection: Any, commands: list[Command], raise_on_error: bool
    ) -> list[Any]:
        if not may_exchange(connection, Connection):
            return super()._execute_transaction(connection, commands, raise_on_error)
        replies = connection.exchange(self._requests(connection, commands))
        results = self._results(connection, commands, replies, raise_on_error)
        callbacks = Callbacks(self.response_callbacks)
        return [
            result if isinstance(result, Exception) else answer(result, options, callbacks[args[0]])
            for result, (args, options) in zip(results, commands, strict=True)
        ]

    def _execute_pipeline(self, connection: Any, commands: list[Command], raise_on_error: bool) -> list[Any]:
        if not may_exchange(connection, Connection):
            return list(super()._execute_pipeline(connection, commands, raise_on_error))
        requests = connection.pack_commands(args for args, _ in commands)
        replies = connection.exchange(requests, undecoded(commands))
        callbacks, results = Callbacks(self.response_callbacks), []
        for reply, (args, options) in zip(replies, commands, strict=True):
            name = args[0]
            try:
                results.append(answer(reply, options, callbacks[name]))
                if name in WATCHING:
                    self.watching = WATCHING[name]
            except ResponseError as error:
                results.append(error)
        if raise_on_error:
            self.raise_first_error(commands, results)
        return results
