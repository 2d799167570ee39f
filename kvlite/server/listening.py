"""Where a server listens: the addresses, ports and the unix socket that the configuration names."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .tls import tls_context

if TYPE_CHECKING:
    from ..wire.config import Config

TLS_PARAMETERS = (
    *("tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-ca-cert-file", "tls-ca-cert-dir"),
    *("tls-auth-clients", "tls-protocols", "tls-ciphers", "tls-prefer-server-ciphers"),
)
EVERYWHERE = {"*": "0.0.0.0", "::*": "::"}
UNAVAILABLE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
"""Why an address may be left out that has `-` before it."""


@dataclass(frozen=True)
class Place:
    """Somewhere to listen: an address and a port, or the path of a unix socket."""

    host: str = ""
    port: int = 0
    secure: bool = False
    path: str = ""
    optional: bool = field(default=False, compare=False)
    """Not to be listened at where there is no such address."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.path or f"{host}:{self.port}"


class Listener:
    """One socket, and what accepts its connections."""

    def __init__(self, place: Place, sock: socket.socket, backlog: int) -> None:
        self.place = place
        self._socket = sock
        self._backlog = backlog
        self._server: asyncio.Server | None = None

    @property
    def accepts(self) -> bool:
        return self._server is not None

    async def accept(self, connect: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None) -> None:
        """Accept connections; if it did so before, those that come from now on by this `tls`."""
        loop = asyncio.get_running_loop()
        self._pause()
        sock, backlog = self._socket.dup(), self._backlog
        if self.place.path:
            self._server = await loop.create_unix_server(connect, sock=sock, backlog=backlog)
        else:
            context = tls if self.place.secure else None
            self._server = await loop.create_server(connect, sock=sock, backlog=backlog, ssl=context)

    def _pause(self) -> None:
        if self._server is not None:
            self._server.close()

    def close(self) -> None:
        self._pause()
        self._socket.close()
        if self.place.path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.place.path)


class Listeners:
    """What listens. It follows the configuration: `bind`, `port`, `tls-port`, what TLS is like."""

    def __init__(self, config: Config, connect: Callable[[], asyncio.Protocol]) -> None:
        self._config = config
        self._connect = connect
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: dict[Place, Listener] = {}

    @property
    def places(self) -> list[Place]:
        return list(self._listeners)

    async def open(self, free_port: bool, free_tls_port: bool) -> None:
        """Listen; at a port that is free, instead of at none. OSError, which says where, if that cannot be;
        ValueError for TLS that cannot be."""
        config = self._config
        self._loop = asyncio.get_running_loop()
        try:
            if free_port:
                config["port"] = self._add_free(secure=False)
            if free_tls_port:
                config["tls-port"] = self._add_free(secure=True)
            tls = tls_context(config) if config["tls-port"] else None
            for place in self._wanted():
                if place not in self._listeners:
                    self._add(place)
            for listener in self._listeners.values():
                await listener.accept(self._connect, tls)
        except BaseException:
            self.close()
            raise
        config.on_change(self._follow, "bind", "port", "tls-port", *TLS_PARAMETERS)

    def close(self) -> None:
        """Accept nobody any more. The port is free then."""
        self._loop = None
        self._config.forget(self._follow)
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    def _add_free(self, secure: bool) -> int:
        host = next(iter(self._config["bind"])).removeprefix("-")
        sock = bind(Place(host, 0, secure), self._config)
        port: int = sock.getsockname()[1]
        place = Place(host, port, secure)
        self._listeners[place] = Listener(place, sock, self._config["tcp-backlog"])
        return port

    def _add(self, place: Place) -> None:
        try:
            self._listeners[place] = Listener(place, bind(place, self._config), self._config["tcp-backlog"])
        except OSError as error:
            if not (place.optional and error.errno in UNAVAILABLE):
                raise

    def _wanted(self) -> Iterator[Place]:
        config = self._config
        for port, secure in ((config["port"], False), (config["tls-port"], True)):
            for host in config["bind"] if port else ():
                yield Place(host.removeprefix("-"), port, secure, optional=host.startswith("-"))
        if config["unixsocket"]:
            yield Place(path=os.path.abspath(config["unixsocket"]))

    def _follow(self) -> None:
        """CONFIG SET: listen there, and nowhere else. Any thread."""
        loop, config = self._loop, self._config
        if loop is None:
            return
        tls = tls_context(config) if config["tls-port"] else None
        before, wanted = set(self._listeners), list(self._wanted())
        try:
            for place in wanted:
                if place not in self._listeners:
                    self._add(place)
        except OSError as error:
            for place in set(self._listeners) - before:
                self._listeners.pop(place).close()
            raise ValueError(str(error)) from error
        gone = [self._listeners.pop(place) for place in before.difference(wanted)]
        loop.call_soon_threadsafe(lambda: loop.create_task(self._exchange(gone, tls)))

    async def _exchange(self, gone: list[Listener], tls: ssl.SSLContext | None) -> None:
        for listener in gone:
            listener.close()
        for listener in list(self._listeners.values()):
            if listener.place.secure or not listener.accepts:
                await listener.accept(self._connect, tls)


# Sockets


def bind(place: Place, config: dict[str, Any]) -> socket.socket:
    """A socket that listens there. OSError says where it cannot, and what to do."""
    try:
        sock = _bind_path(place.path, config["unixsocketperm"]) if place.path else _bind_port(place)
        sock.listen(config["tcp-backlog"])
    except OSError as error:
        raise OSError(error.errno, f"cannot listen at {place}: {_why(error)}") from error
    return sock


def _bind_port(place: Place) -> socket.socket:
    host = EVERYWHERE.get(place.host, place.host)
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _bind_path(path: str, permissions: int) -> socket.socket:
    """A unix socket, in place of one that nobody listens at any more."""
    with (
        contextlib.suppress(FileNotFoundError, ConnectionRefusedError),
        socket.socket(socket.AF_UNIX) as other,
    ):
        other.connect(path)
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    if os.path.exists(path) and not stat.S_ISSOCK(os.stat(path).st_mode):
        raise OSError(errno.EEXIST, "there is something that is no socket")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.bind(path)
        if permissions:
            os.chmod(path, permissions)
    except BaseException:
        sock.close()
        raise
    return sock


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "somebody else does already: choose another place, or end that one"
    if error.errno == errno.EACCES:
        return "this user may not: ports below 1024, for example, are for root"
    return (error.strerror or str(error)).lower()
