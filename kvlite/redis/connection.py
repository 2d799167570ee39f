# mypy: disable-error-code="no-untyped-call"
# (redis-py has no annotations beneath its commands)
"""A redis-py connection, and its pool, whose other end is a Store in this process."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from time import monotonic
from typing import Any, Self, cast

import redis
from redis._parsers.resp3 import _RESP3Parser
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError, ResponseError
from redis.utils import SENTINEL

from ..bell import Bell
from ..store import Store
from ..wire.line import Line
from ..wire.replies import Push
from .talk import (
    CLOSED,
    STORE_CLOSED,
    Plug,
    Talk,
    Words,
    greet,
    lost,
    shown,
    store_of,
    take_retry,
    without_socket,
)


class Replies(_RESP3Parser):
    """A parser in redis-py's sense: it takes replies from the line and makes Python values of them."""

    pubsub_push_handler_func = _RESP3Parser.handle_pubsub_push_response

    def __init__(self, socket_read_size: int) -> None:
        super().__init__(socket_read_size)
        del self.pubsub_push_handler_func  # the class has it: a method of its own would keep the object alive

    def on_connect(self, connection: Any) -> None:
        self._line: Line | None = connection.line
        self._bell: Bell = connection.bell
        self._talk: Talk = connection.talk
        self._timeout: float | None = connection.socket_timeout

    def on_disconnect(self) -> None:
        self._line = None

    def can_read(self, timeout: float | None = 0) -> bool:
        """Whether there is something to read within `timeout` seconds."""
        line = self._line
        if line is None:
            raise ConnectionError(CLOSED)
        if line.session.store._shared.closed:
            raise ConnectionError(STORE_CLOSED)
        return self._await(line, timeout)

    def read_response(
        self, disable_decoding: bool = False, push_request: bool = False, timeout: Any = SENTINEL
    ) -> Any:
        line = self._line
        if line is None:
            raise ConnectionError(CLOSED)
        while True:
            if not self._await(line, self._timeout if timeout is SENTINEL else timeout):
                raise TimeoutError
            reply = line.take()
            response = self._talk.converter(line, disable_decoding)(reply)
            if line.session.protocol == 2 or not isinstance(reply, Push):
                return response
            response = self.handle_push_response(response)
            if push_request:
                return response

    def _await(self, line: Line, timeout: float | None) -> bool:
        """Wait until there is something to take; False after `timeout` seconds."""
        until = None if timeout is None else monotonic() + timeout
        while not line.ready():
            if line.ended:
                raise lost(line)
            with line.waiting() as sleep:
                if until is not None:
                    left = until - monotonic()
                    if left <= 0:
                        return line.ready()
                    sleep = left if sleep is None else min(left, sleep)
                self._bell.wait(sleep)
        return True


class Connection(AbstractConnection):
    """A connection to `store`; the other options are those of redis-py's connections.

    Requests are run by the thread that sends them.
    """

    port = None

    def __init__(self, store: Store[Any] | None = None, **options: Any) -> None:
        self.store = store_of(store)
        self.line: Line | None = None
        self.bell = Bell()
        retry = take_retry(options)
        super().__init__(**without_socket(options) | {"parser_class": Replies})
        if retry is not None:
            self.retry = retry
        self.talk = Talk.of(self.encoder)

    def __del__(self) -> None:
        line = self.__dict__.get("line")
        if line is not None and not line.ended:
            line.hang_up()

    def repr_pieces(self) -> list[tuple[str, Any]]:
        pieces: list[tuple[str, Any]] = [("store", self.store), ("db", self.db)]
        if self.client_name:
            pieces.append(("client_name", self.client_name))
        return pieces

    def _connect(self) -> Plug:
        self.line = Line(self.store, self.bell.ring)
        return Plug(self.line)

    def _host_error(self) -> str:
        return shown(self.store)

    def check_store(self) -> None:
        """ConnectionError if the store is closed, which no retry will change."""
        if self.store._shared.closed:
            raise ConnectionError(STORE_CLOSED)

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        self.check_store()
        super().connect_check_health(check_health, retry_socket_connect)

    def on_connect_check_health(self, check_health: bool = True) -> None:
        if not greet(self):
            super().on_connect_check_health(check_health)

    def is_direct(self) -> bool:
        """Whether a command may be given to the session at once."""
        line = self.line
        return (
            line is not None
            and line.idle
            and not self._should_reconnect
            and not self.himport_registry.revision  # type: ignore[union-attr]  # every pool has one
        )

    def exchange(self, requests: list[Words], raw: Collection[int] = ()) -> list[Any]:
        """Send requests and read their replies, errors as exceptions; those numbered in `raw` undecoded."""
        self.send_packed_command(requests)
        assert self.line is not None
        replies = self.talk.take_all(self.line, len(requests), raw)
        if replies is not None:
            return replies
        replies = []
        for at in range(len(requests)):
            try:
                replies.append(self.read_response(disable_decoding=at in raw))
            except ResponseError as error:
                replies.append(error)
        return replies

    def pack_command(self, *args: Any) -> list[Words]:
        return [self.talk.words(args)]

    def pack_commands(self, commands: Iterable[tuple[Any, ...]]) -> list[Words]:
        return self.talk.requests(commands)

    def send_command(self, *args: Any, **kwargs: Any) -> None:
        self.send_packed_command([self.talk.words(args)], kwargs.get("check_health", True))

    def send_packed_command(self, command: list[Words], check_health: bool = True) -> None:
        """Run requests, as `pack_command` has made them; their replies wait to be read."""
        if self.line is None or self._sock is None:
            self.connect_check_health(check_health=False)
        if check_health:
            self.check_health()
        assert self.line is not None
        self.line.send(command)


class ConnectionPool(redis.ConnectionPool):
    """Connections to one store, a new one in memory if none is given."""

    def __init__(
        self,
        store: Store[Any] | None = None,
        connection_class: type[Connection] = Connection,
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
        return super().from_url(url, **{"connection_class": Connection} | options)

    def open_connection(self) -> Connection:
        """A new connection, which is nobody's yet. MaxConnectionsError if there are as many as may be."""
        self._checkpid()
        with self._lock:
            connection = cast(Connection, self.make_connection())
        try:
            connection.connect()
        except BaseException:
            self._available_connections.append(connection)
            raise
        return connection

    @property
    def store(self) -> Store[Any]:
        found: Store[Any] = self.connection_kwargs["store"]
        return found
