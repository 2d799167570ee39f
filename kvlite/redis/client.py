# mypy: disable-error-code="no-untyped-call"
# (redis-py has no annotations beneath its commands)
"""redis-py's client, pipeline included, over a Store in this process.

A command of redis-py goes from `execute_command` through a pool, a packer, a socket and a parser. Where
nothing speaks against it, `_execute_command` here takes an idle connection out of the pool and has its
session run the command at once. Whatever needs more goes redis-py's own way, over the same connections.
"""

from __future__ import annotations

import inspect
from typing import Any, Self

import redis
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.connection import AbstractConnection
from redis.driver_info import resolve_driver_info
from redis.exceptions import ExecAbortError, ResponseError, WatchError
from redis.observability.providers import get_observability_instance

from ..store import Store
from ..wire.replies import NO_REPLY, PARKED, Reply
from .connection import Connection, ConnectionPool
from .talk import Talk, store_of

_CLIENT = inspect.signature(redis.Redis.__init__)
_CONNECTION = inspect.signature(AbstractConnection.__init__)


def _pool_options(options: dict[str, Any]) -> dict[str, Any]:
    """What a client hands on to its pool, of the options and redis-py's defaults for the others."""
    bound = _CLIENT.bind(None, **options)
    bound.apply_defaults()
    given = bound.arguments
    driver = resolve_driver_info(given["driver_info"], given.pop("lib_name"), given.pop("lib_version"))
    wanted = [*_CONNECTION.parameters, "max_connections", "cache", "cache_config"]
    kept = {name: given[name] for name in wanted if name in given and name != "self"}
    return kept | {"driver_info": driver, "retry_on_error": given["retry_on_error"] or []}


class Redis(redis.Redis):
    """A `redis.Redis` that talks to `store`, or to a new store in memory, without a socket.

    The options are redis-py's, by their names; those that say where a server is and how to reach it mean
    nothing here. Closing the client does not close the store.
    """

    def __init__(self, store: Store[Any] | None = None, **options: Any) -> None:
        pool = options.get("connection_pool")
        own = pool is None
        if pool is None:
            pool = ConnectionPool(store, **_pool_options(options))
        elif store is not None:
            raise TypeError("a client has the store of its connection_pool: give one or the other")
        super().__init__(
            connection_pool=pool,
            single_connection_client=options.get("single_connection_client", False),
            credential_provider=options.get("credential_provider"),
            event_dispatcher=options.get("event_dispatcher"),
        )
        self.auto_close_connection_pool = own
        self._talk = Talk(self.get_encoder())
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

    @property
    def store(self) -> Store[Any]:
        """The store that this client talks to."""
        found: Store[Any] = self.connection_pool.connection_kwargs["store"]
        return found

    @classmethod
    def from_url(cls, url: str, store: Store[Any] | None = None, **options: Any) -> Self:
        """A client with what a URL says but where: its database, user, password and options."""
        single = options.pop("single_connection_client", False)
        pool = ConnectionPool.from_url(url, store=store_of(store), **options)
        client = cls(connection_pool=pool, single_connection_client=single)
        client.auto_close_connection_pool = True
        return client

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def __del__(self) -> None:
        """Its connections end by themselves; to end them here would be to do it in the middle of anything."""

    # The short way

    def _execute_command(self, *args: Any, **options: Any) -> Any:
        if not self._direct or get_observability_instance().is_enabled():
            return super()._execute_command(*args, **options)
        words = self._talk.words(args)
        available = self.connection_pool._available_connections
        try:
            connection = available.pop()
        except IndexError:
            return super()._execute_command(*args, **options)
        line = connection.line
        if line is None or not line.idle or connection._should_reconnect or words[0] == b"HIMPORT":
            available.append(connection)
            return super()._execute_command(*args, **options)
        session = line.session
        try:
            reply = session.execute(words)
        except BaseException:
            connection.disconnect()
            available.append(connection)
            raise
        if reply is PARKED or reply is NO_REPLY:
            return self._await_reply(connection, reply, args, options)
        convert = connection.converter(NEVER_DECODE in options)
        available.append(connection)
        try:
            return answer(self, convert(reply), args[0], options)
        except connection.retry._supported_errors:
            return super()._execute_command(*args, **options)

    def _await_reply(
        self, connection: Connection, reply: Reply, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """The answer to a command that has been sent and waits for something, as redis-py gets it."""
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
            return connection.retry.call_with_retry(attempt, lambda error: connection.disconnect(error=error))
        finally:
            pool.release(connection)


def answer(client: redis.Redis, response: Any, name: Any, options: dict[str, Any]) -> Any:
    """What a method of the client returns, or raises, for what a parser has read."""
    if isinstance(response, Exception):
        if EMPTY_RESPONSE in options:
            return options[EMPTY_RESPONSE]
        raise response
    if options:
        for own in (NEVER_DECODE, EMPTY_RESPONSE, "keys"):
            options.pop(own, None)
    callback = client.response_callbacks.get(name)
    return response if callback is None else callback(response, **options)


Command = tuple[tuple[Any, ...], dict[str, Any]]
"""The arguments and the options of a command that a pipeline has queued."""


_WATCHING = {"WATCH": True, "UNWATCH": False, "EXEC": False, "DISCARD": False}


def _may_exchange(connection: Any) -> bool:
    """Whether a pipeline may leave out packing and reading one by one."""
    return (
        type(connection) is Connection
        and not connection.health_check_interval
        and not (connection.himport_registry and connection.himport_registry.revision)
    )


class Pipeline(redis.client.Pipeline):
    """A pipeline of redis-py's, over a Store in this process."""

    def _execute_transaction(
        self, connection: Any, commands: list[Command], raise_on_error: bool
    ) -> list[Any]:
        if not _may_exchange(connection):
            return super()._execute_transaction(connection, commands, raise_on_error)
        sent = [args for args, options in commands if EMPTY_RESPONSE not in options]
        opened, *queued, results = connection.exchange(
            [[b"MULTI"], *connection.pack_commands(sent), [b"EXEC"]]
        )
        failures = self._failures(commands, opened, queued)
        if isinstance(results, ExecAbortError) and failures:
            raise failures[0][1]
        if isinstance(results, Exception):
            raise results
        self.watching = False
        if results is None:
            raise WatchError("Watched variable changed.")
        for number, failure in failures:
            results.insert(number, failure)
        if len(results) != len(commands):
            connection.disconnect()
            raise ResponseError("Wrong number of response items from pipeline execution")
        if raise_on_error:
            self.raise_first_error(commands, results)
        return [
            result if isinstance(result, Exception) else answer(self, result, args[0], options)
            for result, (args, options) in zip(results, commands, strict=True)
        ]

    def _failures(self, commands: list[Command], opened: Any, queued: list[Any]) -> list[tuple[int, Any]]:
        """The numbers of the commands that were not queued, and what stands for their results."""
        failures = [(0, opened)] if isinstance(opened, Exception) else []
        if len(queued) == len(commands) and not any(isinstance(reply, Exception) for reply in queued):
            return failures
        replies = iter(queued)
        for number, (args, options) in enumerate(commands):
            if EMPTY_RESPONSE in options:
                failures.append((number, options[EMPTY_RESPONSE]))
            elif isinstance(reply := next(replies), Exception):
                self.annotate_exception(reply, number + 1, args)
                failures.append((number, reply))
        return failures

    def _execute_pipeline(self, connection: Any, commands: list[Command], raise_on_error: bool) -> list[Any]:
        if not _may_exchange(connection):
            return list(super()._execute_pipeline(connection, commands, raise_on_error))
        raw = [number for number, (_, options) in enumerate(commands) if NEVER_DECODE in options]
        found = connection.exchange(connection.pack_commands(args for args, _ in commands), raw)
        results = []
        for response, (args, options) in zip(found, commands, strict=True):
            try:
                results.append(answer(self, response, args[0], options))
                self.watching = _WATCHING.get(args[0], self.watching)
            except ResponseError as error:
                results.append(error)
        if raise_on_error:
            self.raise_first_error(commands, results)
        return results
