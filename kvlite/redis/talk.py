# mypy: disable-error-code="no-untyped-call"
# (redis-py has no annotations beneath its commands)
"""What connections of both kinds, blocking and asyncio, share: words, replies and options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import redis
from redis._parsers.base import BaseParser
from redis._parsers.encoders import Encoder
from redis.exceptions import ConnectionError
from redis.maint_notifications import MaintNotificationsConfig

from .. import errors
from ..store import Store
from ..wire.python import converter
from ..wire.resp import error_text

Words = list[bytes]
"""A request as a session takes it."""

CLOSED = "Connection closed by server."

_SOCKET_OPTIONS = frozenset(
    name
    for name in inspect.signature(redis.Redis.__init__).parameters
    if name.startswith(("ssl", "socket_keepalive"))
) | {"host", "port", "path", "unix_socket_path"}


def without_socket(options: dict[str, Any]) -> dict[str, Any]:
    """The options that mean something where nothing is sent anywhere."""
    kept = {name: value for name, value in options.items() if name not in _SOCKET_OPTIONS}
    return kept | {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}


def store_of(store: Store[Any] | None) -> Store[Any]:
    """The store that a client is to talk to: a new one in memory if none is given."""
    if store is None:
        return Store()
    if not isinstance(store, Store):
        raise TypeError(f"a client talks to a kvlite.Store, not to {store!r}")
    return store


@lru_cache(maxsize=1024)
def _name(name: str | bytes) -> tuple[bytes, ...]:
    return tuple((name.encode() if isinstance(name, str) else name).split())


class Talk:
    """How one connection words requests and reads replies."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._encoding, self._errors = encoder.encoding, encoder.encoding_errors
        decode: Callable[[bytes], Any] | None = None
        if encoder.decode_responses:
            encoding, errors = encoder.encoding, encoder.encoding_errors

            def decode(value: bytes) -> str:
                return value.decode(encoding, errors)

        self.decode = decode
        self.convert = {protocol: converter(protocol, reported, decode) for protocol in (2, 3)}
        """By protocol: makes a Python value of a reply."""
        self.convert_raw = {protocol: converter(protocol, reported) for protocol in (2, 3)}
        """The same, for replies that are never decoded."""

    def words(self, args: tuple[Any, ...]) -> Words:
        """A request of these arguments, of which the first may be several words."""
        name, encoding, errors = args[0], self._encoding, self._errors
        words = [*(_name(name) if isinstance(name, (str, bytes)) else _name(self._bytes(name)))]
        for arg in args[1:]:
            if type(arg) is str:
                arg = arg.encode(encoding, errors)
            elif type(arg) is not bytes:
                arg = self._bytes(arg)
            words.append(arg)
        return words

    def _bytes(self, value: Any) -> bytes:
        return bytes(self._encoder.encode(value))

    def requests(self, commands: Iterable[tuple[Any, ...]]) -> list[Words]:
        return [self.words(args) for args in commands]


def reported(error: Exception) -> Exception:
    """The exception that redis-py's parsers make of `error`; raised if it is about the connection."""
    if isinstance(error, errors.ConnectionError):
        raise ConnectionError(str(error)) from error
    text = error_text(error).decode("utf-8", "replace")
    made: Exception = BaseParser.parse_error(text)
    if isinstance(made, ConnectionError):
        raise made
    return made
