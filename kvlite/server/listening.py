"""Where a server listens: the addresses, ports and the unix socket that the configuration names."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from .tls import tls_context

if TYPE_CHECKING:
    from ..wire.config import Config

log = logging.getLogger("kvlite")

ACCEPTED_AT_ONCE = 100
"""How many connections are accepted between two turns of the loop."""
REST = 1.0
"""Seconds for which nobody is accepted after the system could not."""
LONGEST_PATH = 107 if sys.platform == "linux" else 103
"""How many bytes the system allows for the path of a unix socket."""
PATIENCE = 10.0
"""Seconds that another thread waits for the loop to change where it listens."""

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


Welcome: TypeAlias = Callable[[socket.socket, Place], None]
"""Takes a connection that was accepted, and where."""


class Listener:
    """One socket, and what accepts its connections. For the loop's thread alone."""

    def __init__(self, place: Place, sock: socket.socket) -> None:
        self.place = place
        self._socket = sock
        self._pause: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, welcome: Welcome) -> None:
        """Hand every connection that comes to `welcome`."""
        self._loop, self._welcome = loop, welcome
        loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            self._welcome(sock, self.place)

    def _rest(self, error: OSError) -> None:
        """Nobody can be accepted, mostly as too many files are open: try again soon."""
        log.warning("nobody is let in at %s for %g seconds: %s", self.place, REST, error)
        self._loop.remove_reader(self._socket)
        self._pause = self._loop.call_later(REST, self._loop.add_reader, self._socket, self._accept)

    def close(self) -> None:
        """Accept nobody any more. Who has connected and was not accepted yet is told so by the system."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if self.place.path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.place.path)


class Listeners:
    """What listens. It follows the configuration: `bind`, `port`, `tls-port`, what TLS is like.

    All of it happens in the loop's thread, where one change follows the other.
    """

    def __init__(
        self, config: Config, connect: Callable[[], asyncio.Protocol], is_locked: Callable[[], bool]
    ) -> None:
        """`is_locked` tells whether this thread keeps the loop from going on."""
        self._config = config
        self._connect = connect
        self._is_locked = is_locked
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._tls: ssl.SSLContext | None = None
        self._listeners: dict[Place, Listener] = {}
        self._arriving: dict[asyncio.Task[Any], socket.socket] = {}
        """Connections that were accepted, and are not made yet: TLS takes a while."""

    @property
    def places(self) -> list[Place]:
        return list(self._listeners)

    def open(self, free_port: bool, free_tls_port: bool) -> None:
        """Listen; at a port that is free, instead of at none. OSError, which says where, if that cannot be;
        ValueError for TLS that cannot be."""
        config = self._config
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        try:
            if free_port:
                config["port"] = self._add_free(secure=False)
            if free_tls_port:
                config["tls-port"] = self._add_free(secure=True)
            self._tls = tls_context(config) if config["tls-port"] else None
            self._add_missing()
        except BaseException:
            self.close()
            raise
        config.on_change(self._follow, "bind", "port", "tls-port", *TLS_PARAMETERS)

    def close(self) -> None:
        """Accept nobody any more. The ports are free then."""
        self._config.forget(self._follow)
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        for task in list(self._arriving):
            task.cancel()
        self._loop = None

    def _add_free(self, secure: bool) -> int:
        if not self._config["bind"]:
            raise ValueError("there is no address at which to listen at a free port")
        host = self._config["bind"][0].removeprefix("-")
        sock = bind(Place(host, 0, secure), self._config)
        port: int = sock.getsockname()[1]
        self._start(Place(host, port, secure), sock)
        return port

    def _add_missing(self) -> None:
        for place in self._wanted():
            if place not in self._listeners:
                try:
                    self._start(place, bind(place, self._config))
                except OSError as error:
                    if not (place.optional and error.errno in UNAVAILABLE):
                        raise

    def _start(self, place: Place, sock: socket.socket) -> None:
        assert self._loop is not None
        self._listeners[place] = Listener(place, sock)
        self._listeners[place].start(self._loop, self._welcome)

    def _wanted(self) -> Iterator[Place]:
        config = self._config
        for port, secure in ((config["port"], False), (config["tls-port"], True)):
            for host in config["bind"] if port else ():
                yield Place(host.removeprefix("-"), port, secure, optional=host.startswith("-"))
        if config["unixsocket"]:
            yield Place(path=os.path.abspath(config["unixsocket"]))

    # Following the configuration

    def _follow(self) -> None:
        """CONFIG SET: listen there, and nowhere else. Any thread; ValueError, in one line, if that cannot be.

        The configuration then goes back to what it was, and calls this again.
        """
        loop = self._loop
        if loop is None:
            return
        if threading.get_ident() == self._thread:
            self._change()
        elif self._is_locked():
            raise ValueError(
                "a transaction of another thread than the server's cannot change where it listens"
            )
        else:
            asyncio.run_coroutine_threadsafe(self._change_in_loop(), loop).result(PATIENCE)

    async def _change_in_loop(self) -> None:
        self._change()

    def _change(self) -> None:
        if self._loop is None:
            return
        tls = tls_context(self._config) if self._config["tls-port"] else None
        for place in set(self._listeners).difference(self._wanted()):
            self._listeners.pop(place).close()  # first: the new ones may overlap them
        try:
            self._add_missing()
        except OSError as error:
            raise ValueError(str(error)) from error
        self._tls = tls

    # Letting in

    def _welcome(self, sock: socket.socket, place: Place) -> None:
        assert self._loop is not None
        sock.setblocking(False)
        tls = self._tls if place.secure else None
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._connect, sock, ssl=tls))
        self._arriving[task] = sock
        task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[Any]) -> None:
        sock = self._arriving.pop(task)
        if task.cancelled():
            sock.close()
        elif (error := task.exception()) is not None:
            log.debug("a connection could not be made: %s", error)
            sock.close()


# Sockets


def bind(place: Place, config: dict[str, Any]) -> socket.socket:
    """A socket that listens there. OSError says where it cannot, and what to do."""
    try:
        sock = _bind_path(place.path, config["unixsocketperm"]) if place.path else _bind_port(place)
        sock.listen(config["tcp-backlog"])
        sock.setblocking(False)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen at {place}: {_why(place, error)}") from error
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
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise OSError(
            errno.ENAMETOOLONG, f"the path has more than {LONGEST_PATH} bytes: choose a shorter one"
        )
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


def _why(place: Place, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "somebody else does already: choose another place, or end that one"
    if place.path:
        return why_not(place.path, error)
    if error.errno == errno.EACCES:
        return "this user may not: ports below 1024, for example, are for root"
    return (error.strerror or str(error)).lower()


def why_not(path: str, error: OSError) -> str:
    """Why a file cannot be made there, and what to do."""
    folder = os.path.dirname(os.path.abspath(path))
    if error.errno == errno.ENOENT:
        return f"there is no folder {folder}: make it, or choose another"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"this user may not write it: choose another folder than {folder}, or let the user write there"
    if error.errno == errno.ENOTDIR:
        return f"{folder} is no folder: choose another"
    if error.errno == errno.EISDIR:
        return "that is a folder: give the name of a file in it"
    return (error.strerror or str(error)).lower()
