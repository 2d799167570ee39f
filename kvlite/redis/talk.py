# mypy: disable-error-code="no-untyped-call"
# (redis-py has no annotations beneath its commands)
"""What clients of both kinds, blocking and asyncio, have in common: words, replies and options."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import redis
from redis import exceptions
from redis._parsers.base import BaseParser
from redis._parsers.encoders import Encoder
from redis.client import EMPTY_RESPONSE, NEVER_DECODE, CaseInsensitiveDict
from redis.driver_info import resolve_driver_info
from redis.event import EventDispatcher
from redis.exceptions import ConnectionError
from redis.maint_notifications import MaintNotificationsConfig
from redis.utils import SENTINEL

from .. import errors
from ..clock import ManualClock
from ..store import Store
from ..wire.line import Line
from ..wire.python import converter
from ..wire.replies import Reply
from ..wire.resp import error_text
from ..wire.table import Row, find

Words = list[bytes]
"""A request as a session takes it."""

CLOSED = "Connection closed by server."
STORE_CLOSED = "the store is closed"


# Options

_SOCKET_OPTIONS = frozenset(
    name
    for name in inspect.signature(redis.Redis.__init__).parameters
    if name.startswith(("ssl", "socket_keepalive"))
) | {"host", "port", "path", "unix_socket_path"}


_NO_MAINTENANCE = {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}


def without_socket(options: dict[str, Any]) -> dict[str, Any]:
    """The options that mean something where nothing is sent anywhere."""
    if not _SOCKET_OPTIONS.isdisjoint(options):
        options = {name: value for name, value in options.items() if name not in _SOCKET_OPTIONS}
    return options | _NO_MAINTENANCE


def take_retry(options: dict[str, Any]) -> Any:
    """The policy of retries that the connections of a pool have in common, taken out of `options`, before
    redis-py copies it for each; None if it has to find another by what else the options say."""
    if options.get("retry_on_error") or options.get("retry_on_timeout"):
        return None
    return options.pop("retry", None)


def of_client(options: dict[str, Any]) -> dict[str, Any]:
    """Those of the options that a client has beside its pool's, as far as they say something."""
    own = ("single_connection_client", "credential_provider", "event_dispatcher")
    return {name: options[name] for name in own if options.get(name)}


@lru_cache
def _driver_info(name: Any, version: Any) -> Any:
    """How the library calls itself, which it would read from its package's files for each client."""
    return resolve_driver_info(SENTINEL, name, version)


class Options:
    """The options of one of redis-py's clients."""

    def __init__(self, client: type, connection: type) -> None:
        self._name = client.__name__
        self._of_client = inspect.signature(client.__init__)  # type: ignore[misc]
        parameters = [*self._of_client.parameters.values()][1:]
        self._defaults = {each.name: each.default for each in parameters if each.kind is not each.VAR_KEYWORD}
        of_connection = inspect.signature(connection.__init__).parameters  # type: ignore[misc]
        self._of_pool = {*of_connection, "max_connections", "cache", "cache_config"} - {"self"}

    def of_pool(self, options: dict[str, Any]) -> dict[str, Any]:
        """What a client hands on to its pool; redis-py's defaults stand for what is not given."""
        if not options.keys() <= self._defaults.keys():
            try:
                self._of_client.bind(None, **options)
            except TypeError as error:
                raise TypeError(f"{self._name}() {error}") from None
        given = self._defaults | options
        driver, library = given["driver_info"], (given.pop("lib_name"), given.pop("lib_version"))
        driver = _driver_info(*library) if driver is SENTINEL else resolve_driver_info(driver, *library)
        kept = {name: value for name, value in given.items() if name in self._of_pool}
        own = {
            "retry": copy.deepcopy(given["retry"]),
            "retry_on_error": given["retry_on_error"] or [],
            "event_dispatcher": given["event_dispatcher"] or EventDispatcher(),
        }
        return kept | own | {"driver_info": driver}


def store_of(store: Store[Any] | None) -> Store[Any]:
    """The store that a client is to talk to: a new one in memory if none is given."""
    if store is None:
        return Store()
    if not isinstance(store, Store):
        raise TypeError(f"a client talks to a kvlite.Store, not to {store!r}")
    return store


def shown(store: Store[Any]) -> str:
    """The store as a message about a reply that does not come calls it."""
    still = isinstance(store._shared.clock, ManualClock)
    return f"{store!r}, whose clock stands still until it is advanced" if still else repr(store)


def pool_of(pool: Any, connection_class: type[Any]) -> Any:
    """The pool that a client is to take its connections from, which has to make such as it can use."""
    if not issubclass(getattr(pool, "connection_class", object), connection_class):
        raise TypeError(f"this client takes a pool of kvlite.redis.{connection_class.__name__}, not {pool!r}")
    return pool


# Requests and replies


@lru_cache(maxsize=1024)
def _name(name: str | bytes) -> tuple[bytes, ...]:
    return tuple((name.encode() if isinstance(name, str) else name).split())


class Talk:
    """How connections of one encoding word requests and read replies. `Talk.of` is one for all of them."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._plain = (encoder.encoding, encoder.encoding_errors) == ("utf-8", "strict")
        decode: Callable[[bytes], Any] | None = None
        if encoder.decode_responses:
            encoding, errors = encoder.encoding, encoder.encoding_errors

            def decode(value: bytes) -> str:
                return value.decode(encoding, errors)

        self._convert = {protocol: converter(protocol, reported, decode) for protocol in (2, 3)}
        self._convert_raw = {protocol: converter(protocol, reported) for protocol in (2, 3)}

    @classmethod
    def of(cls, encoder: Encoder) -> Talk:
        return _talk(encoder.encoding, encoder.encoding_errors, encoder.decode_responses)

    def words(self, args: Sequence[Any]) -> Words:
        """A request of these arguments, of which the first may be several words."""
        name, plain = args[0], self._plain
        words = [*_name(name if type(name) is str else self._bytes(name))]
        for arg in args[1:]:
            kind = type(arg)
            if kind is str and plain:
                arg = arg.encode()
            elif kind is int:
                arg = b"%d" % arg
            elif kind is not bytes:
                arg = self._bytes(arg)
            words.append(arg)
        return words

    def _bytes(self, value: Any) -> bytes:
        return bytes(self._encoder.encode(value))

    def requests(self, commands: Iterable[Sequence[Any]]) -> list[Words]:
        return list(map(self.words, commands))

    def converter(self, line: Line, raw: bool = False) -> Callable[[Reply], Any]:
        """What makes Python values of the replies that come from `line` now; if `raw`, none is decoded."""
        return (self._convert_raw if raw else self._convert)[line.session.protocol]

    def take_all(self, line: Line, count: int, raw: Collection[int]) -> list[Any] | None:
        """The next `count` replies, errors as exceptions, those numbered in `raw` undecoded.

        None if they must be read one by one, because one is still to come or a message is among them.
        """
        replies = line.take_replies(count)
        if replies is None:
            return None
        convert = self.converter(line)
        if not raw:
            return list(map(convert, replies))
        convert_raw = self.converter(line, raw=True)
        return [(convert_raw if at in raw else convert)(reply) for at, reply in enumerate(replies)]


@lru_cache(maxsize=16)
def _talk(encoding: str, errors: str, decode_responses: bool) -> Talk:
    return Talk(Encoder(encoding, errors, decode_responses))


def reported(error: Exception) -> Exception:
    """The exception that redis-py's parsers make of `error`; raised if it is about the connection."""
    if isinstance(error, errors.ConnectionError):
        raise as_client_raises(error) from error
    text = error_text(error).decode("utf-8", "replace")
    made: Exception = BaseParser.parse_error(text)
    if isinstance(made, ConnectionError):
        raise made
    return made


def as_client_raises(error: Exception) -> Exception:
    """`error`, or the exception of redis-py's that has its name if it is one of kvlite's."""
    if isinstance(error, errors.RedisError):
        named = (getattr(exceptions, kind.__name__, None) for kind in type(error).__mro__)
        kind: Any = next(filter(None, named))
        return kind(str(error))  # type: ignore[no-any-return]
    return error.with_traceback(None)


def lost(line: Line) -> Exception:
    """What a client raises whose connection, `line`, has ended."""
    return ConnectionError(CLOSED) if line.failure is None else as_client_raises(line.failure)


class CommonCallbacks:
    """Part of a client: what it makes of the replies to each command, which a new client has in common with
    others. It is some two hundred functions, and as many names."""

    _callbacks: Any

    @property
    def response_callbacks(self) -> Any:
        """The table of the client's own: whoever asks for it may change it."""
        if type(self._callbacks) is MappingProxyType:
            common, self._callbacks = self._callbacks, CaseInsensitiveDict({})
            dict.update(self._callbacks, common)  # the names are in upper case already
        return self._callbacks

    @response_callbacks.setter
    def response_callbacks(self, table: Any) -> None:
        self._callbacks = table

    def _share_callbacks(self) -> None:
        """Let copies of this client have its table in common with it."""
        self._callbacks = MappingProxyType(self._callbacks)


def answer(response: Any, options: dict[str, Any], callback: Callable[..., Any] | None) -> Any:
    """What a method of a client returns, or raises, for what a parser has read."""
    if isinstance(response, Exception):
        if EMPTY_RESPONSE in options:
            return options[EMPTY_RESPONSE]
        raise response
    if options:
        for own in (NEVER_DECODE, EMPTY_RESPONSE, "keys"):
            options.pop(own, None)
    return response if callback is None else callback(response, **options)


@lru_cache
def _introduction(name: str | None, version: str | None) -> list[tuple[Row, Words]]:
    """The requests by which a library says its name and version, and their row."""
    said = ((b"LIB-NAME", name), (b"LIB-VER", version))
    requests = [[b"CLIENT", b"SETINFO", what, text.encode()] for what, text in said if text]
    return [(find(request), request) for request in requests]


def greet(connection: Any) -> bool:
    """Say to the session of a new connection what redis-py says to a server, and do no more than run it.

    False, and nothing has been said, if redis-py has to: who says who he is may be refused.
    """
    session = connection.line.session
    if (
        not session.plain
        or connection.credential_provider
        or connection.username
        or connection.password
        or connection.client_name
        or connection.db
        or connection.health_check_interval
    ):
        return False
    connection._reset_himport_state()
    connection._parser.on_connect(connection)
    if connection.protocol == 3:
        reply = session.execute([b"HELLO", b"3"])
        connection.handshake_metadata = connection.talk.converter(connection.line)(reply)
    driver = connection.driver_info
    for row, request in _introduction(driver.formatted_name, driver.lib_version) if driver else ():
        session.run(row, request)
    return True


class Plug:
    """What redis-py takes for the socket of a connection."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def shutdown(self, how: int) -> None:
        """Nothing is under way that would have to be awaited."""

    def close(self) -> None:
        self.line.hang_up()
