"""One connection's state, and how it runs a request. No bytes, no sockets."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from ..clock import ManualClock
from ..errors import (
    CODE_OF,
    OUT_OF_MEMORY,
    ExecAbortError,
    NoPermissionError,
    OutOfMemoryError,
    RedisError,
    ResponseError,
)
from ..structs import Collection
from ..waiting import Attempt, Waiter
from .acl import WRONG_PASSWORD, User
from .acl_selector import NO_PERMISSION, Denial
from .config import check_allowed
from .instance import Instance
from .monitor import REPLICA, may_be_asked
from .promises import may_grow
from .pubsub import ALLOWED, NOT_WHILE_LISTENING, Listener, stop_listening
from .replies import NO_REPLY, NULL_ARRAY, PARKED, QUEUED, Reply
from .table import ROWS, Row, find, known
from .timekeeper import Timekeeper

if TYPE_CHECKING:
    from ..store import Store
    from ..watch import Watch

R = TypeVar("R")
HTTP = {b"post", b"host:"}
"""What a browser says that was made to talk to us: nothing that follows is to be run."""


class Gauge(NamedTuple):
    """What a door knows of its end, where there is something to know."""

    fd: int = -1
    """The number of the socket."""
    unread: int = 0
    """Bytes that have come, of requests that are not complete."""
    unsent: int = 0
    """Bytes of answers that the client has not read."""


class Door(Protocol):
    """Where a session's answers go. Any thread may call these, under the store's lock: none may block."""

    address: str
    """Of the other end, as CLIENT LIST shows it."""
    own_address: str

    def push(self, reply: Reply) -> None:
        """Hand over a message that nobody asked for."""

    def resume(self) -> None:
        """What the session waited for has come: call its `finish` soon, from where its requests are run."""

    def trust(self, trusted: bool) -> None:
        """The client has said who it is, or need not; while that is not so it may send little."""

    def gauge(self) -> Gauge:
        """What CLIENT LIST shows of the connection besides."""

    def close(self) -> None:
        """End the connection, after what has been answered already."""

    def lose(self, error: Exception) -> None:
        """The connection is about to end as if `error` had happened to it: who is in this process gets it."""


class Nowhere:
    """A door with nobody behind it: that of a script, or of a session that has ended. It holds nothing, so
    what was there is free to go."""

    def __init__(self, address: str = "") -> None:
        self.address = self.own_address = address

    def push(self, reply: Reply) -> None:
        """Nobody is there to take it."""

    def resume(self) -> None:
        """Nobody waits."""

    def trust(self, trusted: bool) -> None:
        """Nobody sends anything."""

    def gauge(self) -> Gauge:
        return Gauge()

    def close(self) -> None:
        """It is closed."""

    def lose(self, error: Exception) -> None:
        """Nobody gets it."""


NOWHERE = Nowhere()


class Wait:
    """What a session waits for whose last request was answered by PARKED."""

    __slots__ = ("abandon", "by_clock", "finish", "give_up", "seconds")

    def __init__(
        self,
        seconds: float | None,
        finish: Callable[[], Reply],
        give_up: Callable[[Exception | None], bool],
        abandon: Callable[[], object],
        by_clock: bool = False,
    ) -> None:
        self.seconds = seconds
        """How long at most; None is for ever. The door calls `Session.time_out` then."""
        self.finish = finish
        self.give_up = give_up
        self.abandon = abandon
        """The client is gone: nothing it might have got is to be lost."""
        self.by_clock = by_clock
        """The store's own clock, a ManualClock, ends it; who is in this process leaves it to that."""


class Silence(Enum):
    """What is not answered, by CLIENT REPLY: everything, the next request, or this one."""

    OFF = 1
    SKIP_NEXT = 2
    SKIP = 3


class Session(Timekeeper):
    """One client. `execute` runs a request; what it answers may be an exception, which the client is to see.

    A session is used by one thread at a time.
    """

    __slots__ = (
        "aborted",
        "active_ms",
        "authenticated",
        "closing",
        "database",
        "door",
        "executing",
        "id",
        "introducing",
        "library",
        "listener",
        "name",
        "no_evict",
        "no_touch",
        "plain",
        "protocol",
        "queue",
        "restricted",
        "row",
        "shares_thread",
        "silence",
        "since_ms",
        "store",
        "trusted",
        "unhindered",
        "user",
        "wait",
        "watch",
    )

    def __init__(self, instance: Instance, door: Door) -> None:
        super().__init__(instance)
        self.door = door
        self.store: Store[Any] = instance.store
        self.database = 0
        self.protocol = 2
        self.name = b""
        self.user: User = instance.acl.default
        self.authenticated = instance.acl.is_open
        self.trusted = self.authenticated
        """Nothing is asked of it before it says who it is."""
        self.restricted = False
        """What the user may do has to be looked at."""
        self.row: Row | None = None
        """Of the last request."""
        self.queue: list[tuple[Row, list[bytes]]] | None = None
        """The requests since MULTI."""
        self.aborted = False
        """One of them could not be queued."""
        self.executing = 0
        """How many of them there are, while they are run."""
        self.silence: Silence | None = None
        self.introducing = True
        """Nothing has come yet but what a client sends by itself to begin; a test's probe looks at this."""
        self.no_evict = False
        self.no_touch = False
        self.library: dict[str, bytes] = {}
        """What CLIENT SETINFO said."""
        self.since_ms = self.active_ms = instance.now()
        """When it began, and when something last came from it."""
        self.watch: Watch | None = None
        self.listener: Listener | None = None
        """What it is subscribed to, if anything."""
        self.wait: Wait | None = None
        self.closing = False
        self.shares_thread = False
        """The thread that uses it has other sessions to serve: what may take long is done in another one."""
        self.unhindered = self.plain = True
        """Nothing stands between a request and its row; when it is not plain, a transaction may. Whatever
        else changes that calls `review`."""
        self.id = self.enter()
        self.review()

    def enter(self) -> int:
        """Become one of the instance's; the number it has there."""
        return self.instance.admit(self)

    def review(self) -> None:
        """Look again whether requests may go straight to their rows."""
        acl = self.instance.acl
        trusted = self.trusted = self.authenticated or acl.is_open
        self.door.trust(trusted)
        self.restricted = not self.user.unrestricted
        self.unhindered = (
            trusted
            and not self.restricted
            and self.silence is None
            and not self.no_touch
            and not self.instance.pause.end_ms
            and self.instance.probe is None
            and not self.instance.is_limited
            and self not in self.instance.monitors
            and not self.instance.busy
            and (self.listener is None or self.protocol == 3)
        )
        self.plain = self.unhindered and self.queue is None

    def execute(self, args: list[bytes]) -> Reply:
        """Run one request: the reply, an error as an exception object, or PARKED: see `wait`."""
        try:
            row = ROWS.get(args[0])
            if row is None or not row.least <= len(args) <= row.most:
                self.row = known(args)
                row = find(args)
            self.row = row
            if self.plain:
                return self.run(row, args)
            reply = self._execute_carefully(row, args)
        except RedisError as error:
            reply = self.reject(args, error)
        return reply if self.silence is None else self._silenced(reply)

    def _execute_carefully(self, row: Row, args: list[bytes]) -> Reply:
        if self.instance.probe is None:
            return self.check_and_run(row, args)
        from .probed import run_probed

        return run_probed(self, row, args)

    def check_and_run(self, row: Row, args: list[bytes]) -> Reply:
        """Run or queue a request if nothing speaks against it; what does is raised."""
        flags = row.flags
        check_allowed(self, row.name)
        if not self.trusted and "no_auth" not in flags:
            raise ResponseError("NOAUTH Authentication required.")
        if self.queue is not None and "no_multi" in flags:
            raise ResponseError("Command not allowed inside a transaction")
        if self.restricted and (denial := self.denial(row, args)):
            raise NoPermissionError(NO_PERMISSION[denial].format(row.name))
        if self.instance.is_limited and not self.instance.busy:
            self._check_memory(row, args)
        if self.listener is not None and self.protocol == 2 and row.name not in ALLOWED:
            raise ResponseError(NOT_WHILE_LISTENING.format(row.name))
        if self in self.instance.monitors and not may_be_asked(row):
            raise ResponseError(REPLICA)
        if self.instance.busy and "allow_busy" not in flags:
            raise self.instance.runner.busy_error()
        if self.instance.pause.end_ms and (seconds := self.instance.pause.seconds_for(self, row, args)):
            return self.postpone(row, args, seconds)
        if self.queue is not None and "in_multi" not in flags:
            self.queue.append((row, args))
            return QUEUED
        reply = self.carry_out(row, args)
        if self.instance.is_limited:
            self.store._shared.eviction.trim(self.store)
        return reply

    def asked(self, row: Row, args: list[bytes]) -> list[tuple[Row, list[bytes]]]:
        """A request; or those that it stands for, if it is EXEC."""
        return self.queue or [] if row.name == "exec" else [(row, args)]

    def _check_memory(self, row: Row, args: list[bytes]) -> None:
        """Make room, as before every request; OutOfMemoryError if there is none and it may need it."""
        eviction = self.store._shared.eviction
        if eviction.pressed:
            with self.store._shared.lock:
                full = eviction.is_full()
            if full and self._takes_memory(row, args):
                raise OutOfMemoryError(OUT_OF_MEMORY)

    def _takes_memory(self, row: Row, args: list[bytes]) -> bool:
        """Whether a request may: EXEC if one that was queued may, and whatever is to be queued."""
        if self.queue is None or row.name == "exec":
            return any(may_grow(self, *each) for each in self.asked(row, args))
        return row.name not in ("discard", "quit", "reset")

    def carry_out(self, row: Row, args: list[bytes]) -> Reply:
        """`run`, as CLIENT NO-TOUCH says."""
        if self.no_touch and row.name != "touch":
            from .client import run_without_touching

            return run_without_touching(self, row, args)
        return self.run(row, args)

    def reject(self, args: list[bytes], error: RedisError) -> Reply:
        """The answer to a request that was not run. A transaction fails by it, or ends if it was EXEC."""
        if args[0].lower() in HTTP:
            self.closing = True
            return NO_REPLY
        self.instance.statistics.rejected(known(args), error)
        if args[0].lower() == b"exec":
            self.reset()
            if isinstance(error, ExecAbortError):
                return error
            code = CODE_OF.get(type(error))
            text = f"{code} {error}" if code else str(error)
            return ExecAbortError(f"Transaction discarded because of: {text}")
        if self.queue is not None:
            self.aborted = True
        return error

    def _silenced(self, reply: Reply) -> Reply:
        """What is answered after CLIENT REPLY OFF or SKIP."""
        if reply is PARKED:
            return reply
        if self.silence is Silence.SKIP_NEXT:
            self.silence = Silence.SKIP
            return reply
        if self.silence is Silence.SKIP:
            self.silence = None
            self.review()
        return NO_REPLY

    # Who it is

    def become(self, user: User) -> None:
        """The client has said who it is."""
        self.user = user
        self.authenticated = True
        self.review()

    def authenticate(self, name: bytes, password: bytes, command: bytes) -> None:
        """Become the user of that name. ResponseError if it is not his password: ACL LOG tells of it."""
        user = self.instance.acl.authenticate(name, password)
        if user is None:
            self._log_denial("auth", command, name)
            raise ResponseError(WRONG_PASSWORD)
        self.become(user)

    def denial(self, row: Row, args: list[bytes], context: str | None = None) -> Denial | None:
        """What the user may not do of a request, of which ACL LOG tells; None if he may do it all."""
        found = self.user.denial(row, args)
        if found is None:
            return None
        denial, place = found
        what = row.name.encode() if denial is Denial.COMMAND else args[place]
        self._log_denial(denial.name.lower(), what, self.user.name, context)
        return denial

    def _log_denial(self, reason: str, what: bytes, username: bytes, context: str | None = None) -> None:
        from .client import describe

        if context is None:
            context = "toplevel" if self.queue is None and not self.executing else "multi"
        self.instance.acl_log.add(reason, context, what, username, describe(self))

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
        being for ever, or `nothing`. Within a transaction `nothing` at once."""
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

        self.wait = Wait(
            timeout or None,
            finish,
            give_up=lambda error: store._give_up(waiter, error),
            abandon=lambda: store._abandon(waiter),
            by_clock=isinstance(store._shared.clock, ManualClock),
        )
        return PARKED

    def park(self, finish: Callable[[], Reply], abandon: Callable[[], object] = lambda: None) -> Reply:
        """PARKED until `Door.resume` is called, by whoever does what `finish` tells the end of. `abandon` is
        called if the client goes before that."""
        self.wait = Wait(None, finish, give_up=lambda error: False, abandon=abandon)
        return PARKED

    def sleep(self, seconds: float, then: Callable[[], Reply]) -> Reply:
        """PARKED, and `then` after so many seconds."""

        def give_up(error: Exception | None) -> bool:
            self.door.resume()
            return True

        self.wait = Wait(seconds, then, give_up, abandon=lambda: None)
        return PARKED

    def postpone(self, row: Row, args: list[bytes], seconds: float) -> Reply:
        """PARKED until the pause of clients ends; then the request is looked at as if it had just come."""
        pause = self.instance.pause
        never: Attempt[None] = Attempt(self.store, [], Collection, lambda key: None)
        self.block(never, seconds, lambda _: None)
        assert self.wait is not None

        def finish() -> Reply:
            pause.postponed.pop(self, None)
            try:
                return self.check_and_run(row, args)
            except RedisError as error:
                return self.reject(args, error)

        self.wait.finish = finish
        pause.postponed[self] = None
        return PARKED

    def time_out(self) -> None:
        """The time of what is waited for is up. If it has not come this instant, `Door.resume` follows."""
        wait = self.wait
        if wait is not None:
            self.instance.errands.run(lambda: wait.give_up(None))

    def give_up(self, error: Exception | None) -> bool:
        """Wait no longer, whoever says so; whether it was waited for. `error` is answered, else nothing."""
        wait = self.wait
        return wait is not None and wait.give_up(error)

    def finish(self) -> Reply:
        """The reply that was PARKED, after `Door.resume`. It may be PARKED once more."""
        wait, self.wait = self.wait, None
        assert wait is not None, "nothing was waited for"
        reply: Reply
        try:
            reply = wait.finish()
        except RedisError as error:
            reply = error
        return reply if self.silence is None else self._silenced(reply)

    # The end

    def start_over(self) -> None:
        """Be as a connection that has just been made."""
        self.instance.stop_watching(self)
        stop_listening(self)
        self.reset()
        self.store, self.database = self.instance.store, 0
        self.protocol = 2
        self.name = b""
        if self.silence is not Silence.SKIP:
            self.silence = None
        self.no_touch = False
        self.user = self.instance.acl.default
        self.authenticated = self.instance.acl.is_open
        self.review()

    def reset(self) -> None:
        """Forget the transaction and what is watched."""
        self.queue = None
        self.aborted = False
        self.unwatch()
        self.plain = self.unhindered

    def unwatch(self) -> None:
        watch, self.watch = self.watch, None
        if watch is None:
            return
        shared = self.store._shared

        def stop_observing() -> None:
            with shared.lock:
                shared.stop_observing(watch)

        self.instance.errands.run(stop_observing)

    def close(self) -> None:
        """The connection has ended: nothing is waited for, heard or watched any more. Never waits for the
        store's lock."""
        self.instance.dismiss(self)
        self.instance.pause.postponed.pop(self, None)
        wait, self.wait = self.wait, None
        if wait is not None:
            self.instance.errands.run(wait.abandon)
        stop_listening(self)
        self.reset()
        self.door = NOWHERE
