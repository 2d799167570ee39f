"""One client's socket."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..wire.client import type_of
from ..wire.session import Gauge
from ..wire.stream import Stream

if TYPE_CHECKING:
    from .server import Server

log = logging.getLogger("kvlite")

CLOSING_TIME = 60.0
"""Seconds that a client has for reading the last of its replies."""


class Connection(asyncio.Protocol):
    """The transport of a stream. Everything but `call_soon` is called by the loop's thread alone."""

    __slots__ = (
        "_awake",
        "_full_since",
        "_server",
        "_transport",
        "address",
        "own_address",
        "stream",
        "write",
    )

    write: Callable[[bytes], None]

    def __init__(self, server: Server) -> None:
        self._server = server
        self._awake = False
        """`proceed` is going to be called."""
        self._full_since = 0.0
        """When more was to be sent than the socket takes at once."""
        self.address = self.own_address = ""
        self.stream: Stream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)
        self.write = transport.write if self._server.commit is None else self._write_safely
        self.address, self.own_address = self._server.addresses(transport)
        if self._server.is_stopping:
            transport.abort()
            return
        refusal = self._server.refusal(self.address)
        if refusal is not None:
            transport.write(refusal)
            transport.close()
            return
        self._server.connections[self] = None
        self.stream = Stream(self._server.instance, self)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.pop(self, None)
        self._server.full.pop(self, None)
        if self.stream is not None:
            self._run(self.stream.lost)

    def data_received(self, data: bytes) -> None:
        stream = self.stream
        if stream is None:
            return
        self._run(stream.receive, data)
        if stream.parser.size > self._server.query_limit:
            log.warning("closing %s, whose request is larger than client-query-buffer-limit", self.address)
            self._transport.abort()

    def proceed(self) -> None:
        """Go on with what `call_soon` was called for."""
        self._awake = False
        if self.stream is not None:
            self._run(self.stream.proceed)

    def _run(self, step: Callable[..., None], *data: bytes) -> None:
        """Let the stream do something. An error of ours costs this connection, and no other."""
        commit = self._server.commit
        try:
            if commit is None or not commit.wanted:
                step(*data)
            else:
                commit.run(step, *data)
        except Exception:
            log.exception("an error in the server; closing %s", self.address)
            self._transport.abort()

    # As the transport of the stream

    def call_soon(self) -> None:
        if not self._awake:
            self._awake = True
            self._server.wake(self)

    def call_later(self, seconds: float) -> Any:
        assert self.stream is not None
        return self._server.loop.call_later(seconds, self.stream.time_out)

    def gauge(self) -> Gauge:
        sock = self._transport.get_extra_info("socket")
        return Gauge(
            sock.fileno() if sock is not None else -1, unsent=self._transport.get_write_buffer_size()
        )

    def close(self) -> None:
        commit = self._server.commit
        if commit is None or not commit.wanted:
            self._transport.close()
        else:
            commit.hold(self._transport.close, self._transport.abort)

    def _write_safely(self, data: bytes) -> None:
        commit = self._server.commit
        assert commit is not None
        if commit.wanted:
            commit.hold(lambda: self._send(data), self._transport.abort)
        else:
            self._send(data)

    def _send(self, data: bytes) -> None:
        self._transport.write(data)
        if self._full_since:
            self.check_output()

    # Clients that do not read

    def pause_writing(self) -> None:
        self._full_since = self._server.loop.time()
        self._server.full[self] = None
        if self._server.commit is None:
            self.write = self._send
        self.check_output()

    def resume_writing(self) -> None:
        self._full_since = 0.0
        self._server.full.pop(self, None)
        if self._server.commit is None:
            self.write = self._transport.write

    def check_output(self) -> None:
        """Cut the connection if more waits to be read than `client-output-buffer-limit` allows."""
        if self.stream is None or not self._full_since:
            return
        kind = "pubsub" if type_of(self.stream.session) == "pubsub" else "normal"
        hard, soft, seconds = self._server.instance.config["client-output-buffer-limit"][kind]
        size = self._transport.get_write_buffer_size()
        lasted = self._server.loop.time() - self._full_since
        if (hard and size >= hard) or (soft and size >= soft and lasted > seconds):
            log.warning("closing %s, which does not read its %d bytes of replies", self.address, size)
            self._transport.abort()
        elif self._transport.is_closing() and lasted > CLOSING_TIME:
            self._transport.abort()

    def check_idle(self, now_ms: int, timeout: int) -> None:
        """Close the connection if nothing has come for `timeout` seconds; who waits, or listens, may be
        silent."""
        session = None if self.stream is None else self.stream.session
        if session is None or session.wait is not None or type_of(session) == "pubsub":
            return
        if now_ms - session.active_ms > timeout * 1000:
            self._transport.close()

    # The end

    def finish(self) -> None:
        """Run nothing more, and close when what was answered is sent. Any thread."""
        if self.stream is not None:
            self.stream.close()

    def abort(self) -> None:
        self._transport.abort()


def keep_alive(sock: socket.socket, seconds: int) -> None:
    """Let the system ask after `seconds` of silence whether the other end is still there."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", seconds),
        ("TCP_KEEPINTVL", max(1, seconds // 3)),
        ("TCP_KEEPCNT", 3),
    ):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
