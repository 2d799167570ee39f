"""One connection as bytes: requests go in, replies come out. No sockets."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from .instance import Instance
from .replies import NO_REPLY, PARKED, Reply
from .resp import ProtocolError, RequestParser, encode2, encoder_of, error_line, simple_encoder
from .session import Gauge, Session

LONGEST_TURN = 1000
"""How many requests of one client are run before the others have their turn."""


class Transport(Protocol):
    """Where the bytes go."""

    address: str
    own_address: str

    def write(self, data: bytes) -> None:
        """Send `data`, from the thread that runs the requests."""

    def call_soon(self) -> None:
        """Call `Stream.proceed` soon, when other clients had their turn, in the thread that runs requests.
        Any thread calls this, and it never blocks."""

    def call_later(self, seconds: float) -> Any:
        """Call `Stream.time_out` in `seconds`; what is returned has a method `cancel`."""

    def gauge(self) -> Gauge:
        """The number of the socket, and what waits to be sent."""

    def close(self) -> None:
        """End the connection when all is sent."""


class Stream:
    """Runs the requests of one client in turn; while one waits, those behind it wait too."""

    def __init__(self, instance: Instance, transport: Transport) -> None:
        self.address = transport.address
        self.own_address = transport.own_address
        self.parser = RequestParser()
        self._instance = instance
        self.session = Session(instance, self)
        self.session.shares_thread = True
        self._statistics = instance.statistics
        self._transport = transport
        self._timer: Any = None
        self._waiting: list[list[bytes]] = []
        """Requests that were read, and cannot be run yet."""
        self._pushed: deque[Reply] = deque()
        """Messages from other threads, or about the request that is being run."""
        self._running = False
        self._resumed = False
        self._ended = False

    def receive(self, data: bytes) -> None:
        """Take in what the client sent, and answer what is complete."""
        self.session.active_ms = self.session.instance.now()
        self.parser.feed(data)
        statistics = self._statistics
        statistics.reads += 1
        statistics.bytes_read += len(data)
        if self.session.wait is None and not self._ended:
            self._run([])

    def proceed(self) -> None:
        """Go on after another thread had something for this client."""
        if self._ended:
            return
        out: list[bytes] = []
        if self._resumed and not self.session.closing:
            self._resumed = False
            self._cancel_timer()
            reply = self.session.finish()
            if reply is PARKED:
                self._start_timer()
            elif reply is not NO_REPLY:
                out.append(self._encode(reply))
        if self.session.wait is None and (self._waiting or self.parser.size):
            self._run(out)
        else:
            self._flush(out)

    def time_out(self) -> None:
        """The time of what is waited for is up."""
        self._timer = None
        self.session.time_out()

    def lost(self) -> None:
        """The connection is gone."""
        self._ended = True
        self._cancel_timer()
        self.session.close()

    def _run(self, out: list[bytes]) -> None:
        """Run the requests that are there, or as many of them as make a turn."""
        session = self.session
        execute = session.execute
        if session.instance.running is not None:
            session.instance.runner.give_way()
        self._running = True
        try:
            while not session.closing and session.wait is None:
                requests = self._waiting or self.parser.requests()
                if not requests:
                    break
                turn, self._waiting = iter(requests[:LONGEST_TURN]), requests[LONGEST_TURN:]
                session.begin()
                for args in turn:
                    reply = execute(args)
                    encode = simple_encoder(type(reply))
                    if encode is not None and not self._pushed:
                        out.append(encode(reply))
                    else:
                        self._answer(reply, out)
                    if session.closing or session.wait is not None:
                        self._waiting = [*turn, *self._waiting]
                if self._waiting:
                    self._transport.call_soon()
                    break
        except ProtocolError as error:
            out.append(error_line(error))
            session.closing = True
        finally:
            self._running = False
            session.end()
        self._flush(out)

    def _answer(self, reply: Reply, out: list[bytes]) -> None:
        """Put any reply, and what was pushed meanwhile, behind the others."""
        if reply is PARKED:
            self._start_timer()
        elif reply is not NO_REPLY:
            out.append(self._encode(reply))
        if self._pushed:
            self._take_pushed(out)

    def _encode(self, reply: Reply) -> bytes:
        return encode2(reply) if self.session.protocol == 2 else encoder_of(self.session.protocol)(reply)

    def _take_pushed(self, out: list[bytes]) -> None:
        pushed = self._pushed
        while pushed:
            out.append(self._encode(pushed.popleft()))

    def _flush(self, out: list[bytes]) -> None:
        if self._pushed:
            self._take_pushed(out)
        if out:
            data = out[0] if len(out) == 1 else b"".join(out)
            self._statistics.writes += 1
            self._statistics.bytes_written += len(data)
            self._transport.write(data)
        if self.session.closing and not self._ended:
            self._ended = True
            self._transport.close()

    def _start_timer(self) -> None:
        wait = self.session.wait
        if wait is not None and wait.seconds is not None:
            self._timer = self._transport.call_later(wait.seconds)

    def _cancel_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    # As the door of the session: called by any thread

    def push(self, reply: Reply) -> None:
        self._pushed.append(reply)
        if not self._running:
            self._transport.call_soon()

    def resume(self) -> None:
        self._resumed = True
        self._transport.call_soon()

    def trust(self, trusted: bool) -> None:
        self.parser.authenticated = trusted
        self.parser.max_bulk = self._instance.config["proto-max-bulk-len"]

    def gauge(self) -> Gauge:
        return self._transport.gauge()._replace(unread=self.parser.size)

    def close(self) -> None:
        self.session.closing = True
        self._transport.call_soon()

    def lose(self, error: Exception) -> None:
        """The other end sees that it is closed, and no more."""
