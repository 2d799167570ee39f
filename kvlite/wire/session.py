"""One connection's state, and how it runs a request. No bytes, no sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..clock import ManualClock
from ..errors import ConnectionError, RedisError, ResponseError
from ..waiting import Attempt, Waiter
from .instance import Instance
from .replies import NO_REPLY, NULL_ARRAY, PARKED, QUEUED, Reply
from .table import ROWS, Row, find

if TYPE_CHECKING:
    from ..store import Store
    from ..watch import Watch

R = TypeVar("R")


class Door(Protocol):
    """Where a session's answers go. Any thread may call these, under the store's lock: none may block."""

    address: str
    """Of the other end, as CLIENT LIST shows it."""
    own_address: str

    def push(self, reply: Reply) -> None:
        """Hand over a message that nobody asked for."""

    def resume(self) -> None:
        """What the session waited for has come: call its `finish` soon, from where its requests are run."""

    def close(self) -> None:
        """End the connection, after what has been answered already."""


class Wait:
    """What a session waits for whose last request was answered by PARKED."""

    __slots__ = ("by_clock", "finish", "give_up", "seconds")

    def __init__(
        self,
        seconds: float | None,
        finish: Callable[[], Reply],
        give_up: Callable[[Exception | None], bool],
        by_clock: bool = False,
    ) -> None:
        self.seconds = seconds
        """How long at most; None is for ever. The door calls `Session.time_out` then."""
        self.finish = finish
        self.give_up = give_up
        self.by_clock = by_clock
        """The store's own clock, a ManualClock, ends it; who is in this process leaves it to that."""


class Session:
    """One client. `execute` runs a request; what it answers may be an exception, which the client is to see.

    A session is used by one thread at a time.
    """

    def __init__(self, instance: Instance, door: Door) -> None:
        self.instance = instance
        self.door = door
        self.store: Store[Any] = instance.store
        self.database = 0
        self.protocol = 2
        self.name = b""
        self.queue: list[tuple[Row, list[bytes]]] | None = None
        """The requests since MULTI."""
        self.aborted = False
        """One of them could not be queued."""
        self.watch: Watch | None = None
        self.wait: Wait | None = None
        self.closing = False
        self.plain = True
        """Nothing stands between a request and its row. Whatever changes that calls `review`."""
        self.id = instance.admit(self)
        self.review()

    def review(self) -> None:
        """Look again whether requests may go straight to their rows."""
        self.plain = self.queue is None and self.instance.probe is None

    def execute(self, args: list[bytes]) -> Reply:
        """Run one request: the reply, an error as an exception object, or PARKED: see `wait`."""
        try:
            row = ROWS.get(args[0])
            if row is None or row.subcommands or not row.fits(len(args)):
                row = find(args)
            if self.plain:
                return self.run(row, args)
            return self._execute_carefully(row, args)
        except RedisError as error:
            if self.queue is not None:
                self.aborted = True
            return error

    def run(self, row: Row, args: list[bytes]) -> Reply:
        """Run a request that nothing speaks against. A RedisError is answered, not raised."""
        self.instance.commands_processed += 1
        try:
            return row.run(self, args)
        except RedisError as error:
            return error

    def _execute_carefully(self, row: Row, args: list[bytes]) -> Reply:
        probe = self.instance.probe
        if probe is None:
            return self._check_and_run(row, args)
        try:
            seconds = probe.request(row.name, args[1:])
        except Exception as error:
            if isinstance(error, RedisError) and not isinstance(error, ConnectionError):
                return error
            self.closing = True
            return NO_REPLY

        def go_on() -> Reply:
            with probe.inside():
                return self._check_and_run(row, args)

        return self.sleep(seconds, go_on) if seconds else go_on()

    def _check_and_run(self, row: Row, args: list[bytes]) -> Reply:
        if self.queue is not None and "in-multi" not in row.flags:
            return self._enqueue(row, args)
        return self.run(row, args)

    def _enqueue(self, row: Row, args: list[bytes]) -> Reply:
        """Put a request into the transaction that the session is in."""
        if "no-multi" in row.flags:
            raise ResponseError("Command not allowed inside a transaction")
        assert self.queue is not None
        self.queue.append((row, args))
        return QUEUED

    def select(self, index: int) -> None:
        self.store = self.instance.store.select(index)
        self.database = index

    # Waiting

    def block(
        self,
        attempt: Attempt[R],
        timeout: float,
        shape: Callable[[R], Reply],
        nothing: Reply = NULL_ARRAY,
    ) -> Reply:
        """`shape` of what can be had now; else PARKED, and in the end what came within `timeout` seconds, 0
        being for ever, or `nothing`."""
        store = self.store
        got = store._attempt(attempt, timeout, self.door.resume)
        if got is None:
            return nothing
        if not isinstance(got, Waiter):
            return shape(got)
        waiter: Waiter[R] = got

        def finish() -> Reply:
            result = store._outcome(waiter)
            return nothing if result is None else shape(result)

        by_clock = isinstance(store._shared.clock, ManualClock)
        self.wait = Wait(timeout or None, finish, lambda error: store._give_up(waiter, error), by_clock)
        return PARKED

    def sleep(self, seconds: float, then: Callable[[], Reply]) -> Reply:
        """PARKED, and `then` after so many seconds."""

        def give_up(error: Exception | None) -> bool:
            self.door.resume()
            return True

        self.wait = Wait(seconds, then, give_up)
        return PARKED

    def time_out(self) -> None:
        """The time of what is waited for is up. If it has not come this instant, `Door.resume` follows."""
        self.give_up(None)

    def give_up(self, error: Exception | None) -> bool:
        """Wait no longer, whoever says so; whether it was waited for. `error` is answered, else nothing."""
        wait = self.wait
        return wait is not None and wait.give_up(error)

    def finish(self) -> Reply:
        """The reply that was PARKED, after `Door.resume`. It may be PARKED once more."""
        wait, self.wait = self.wait, None
        assert wait is not None, "nothing was waited for"
        try:
            return wait.finish()
        except RedisError as error:
            return error

    # The end

    def reset(self) -> None:
        """Forget the transaction and what is watched."""
        self.queue = None
        self.aborted = False
        self.unwatch()
        self.review()

    def unwatch(self) -> None:
        watch, self.watch = self.watch, None
        if watch is not None:
            shared = self.store._shared
            with shared.lock:
                shared.stop_observing(watch)

    def close(self) -> None:
        """The connection has ended: nothing is waited for or watched any more."""
        self.give_up(ResponseError("the connection was closed"))
        self.reset()
        self.instance.dismiss(self)
