"""Sockets around the wire: an asyncio server for one store."""

from __future__ import annotations

import asyncio
from typing import Any

from .store import Store
from .wire import commands as commands  # fills the table
from .wire.instance import Instance
from .wire.stream import Stream


class Connection(asyncio.Protocol):
    """One client's socket."""

    def __init__(self, instance: Instance, loop: asyncio.AbstractEventLoop) -> None:
        self._instance = instance
        self._loop = loop
        self.address = self.own_address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.stream = Stream(self._instance, self)

    def data_received(self, data: bytes) -> None:
        self.stream.receive(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.stream.lost()

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def call_soon(self) -> None:
        self._loop.call_soon_threadsafe(self.stream.proceed)

    def call_later(self, seconds: float) -> Any:
        return self._loop.call_later(seconds, self.stream.time_out)

    def close(self) -> None:
        self._transport.close()


async def serve(store: Store[Any], host: str, port: int) -> asyncio.Server:
    """Listen; the caller closes what is returned."""
    loop = asyncio.get_running_loop()
    instance = Instance.of(store)
    return await loop.create_server(lambda: Connection(instance, loop), host, port)
