"""The script that runs: there is one at a time.

It is run under the store's lock, as one change. While it takes longer than `busy-reply-threshold` all other
clients are told so, and may end it if it has written nothing. Whoever serves many clients in one thread
therefore has scripts run in another, and waits for it only so long.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import OutOfMemoryError, RedisError, ResponseError, error_of
from ...eviction import admitted
from ..replies import Reply
from .worker import Job, Worker

if TYPE_CHECKING:
    from ...keyspace import Shared
    from ...store import Store
    from ..instance import Instance
    from ..session import Session
    from .engine import Chunk, Outcome
    from .redis_library import RedisLibrary

FLAGS = ("no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys")
"""What a script or a function may say of itself, in the order in which Redis prints it."""

NOT_BUSY = "NOTBUSY No scripts in execution right now."
UNKILLABLE = (
    "UNKILLABLE Sorry the script already executed write commands against the dataset. "
    "You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE "
    "command."
)
KILLED = b"ERR Script killed by user with SCRIPT KILL..."
"""Said of functions too."""
NEEDS_ALLOW_OOM = "allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
CANNOT_WRITE = "Can not execute a script with write flag using *_ro command."


class Program(Protocol):
    """What can be run: a script, or a function of a library."""

    @property
    def name(self) -> bytes:
        """As errors have it: the SHA1 of a script."""

    @property
    def kind(self) -> str:
        """The command by whose KILL it can be ended: SCRIPT or FUNCTION."""

    @property
    def flags(self) -> frozenset[str] | None:
        """What it says it will and will not do; None if it says nothing."""

    @property
    def chunk(self) -> Chunk: ...

    @property
    def library(self) -> RedisLibrary:
        """The Lua that it was compiled in."""


class Run:
    """A program that is being run."""

    __slots__ = (
        *("began", "command", "killed", "may_not_grow", "program", "read_only", "session", "store"),
        "wrote",
    )

    def __init__(
        self,
        program: Program,
        command: Sequence[bytes],
        store: Store[Any],
        session: Session | None,
        read_only: bool,
    ) -> None:
        self.program = program
        self.command = command
        """The request that asked for it."""
        self.store = store
        self.session = session
        """Whose request it was; None for a call within the process, which may do everything."""
        self.read_only = read_only
        self.may_not_grow = False
        """There was no memory left when it began."""
        self.began = time.monotonic()
        self.wrote = False
        self.killed = False

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.began


def _may_not_grow(shared: Shared, flags: frozenset[str] | None) -> bool:
    """Whether there is no memory for what a program may write. OutOfMemoryError if it may not run at all."""
    eviction = shared.eviction
    if eviction is None or (flags is not None and not flags.isdisjoint(("allow-oom", "no-writes"))):
        return False
    if flags is not None and eviction.is_full():
        raise OutOfMemoryError(NEEDS_ALLOW_OOM)
    return bool(eviction.is_full())


class Runner:
    """Runs the scripts and functions of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._worker: Worker | None = None
        self._visits: deque[Job] = deque()
        """What is to be done under the lock between two steps of what runs."""

    def run(
        self,
        program: Program,
        keys: Sequence[bytes],
        args: Sequence[bytes],
        store: Store[Any],
        command: Sequence[bytes],
        session: Session | None = None,
        read_only: bool = False,
    ) -> Reply:
        """What `program` answers to `command`; an error, be it raised or returned by it, is raised."""
        flags = program.flags
        if flags is not None:
            if read_only and "no-writes" not in flags:
                raise ResponseError(CANNOT_WRITE)
            read_only = "no-writes" in flags
        shared = store._shared
        store._acquire()
        try:
            store._begin()
            now = shared.clock.now()
            shared.now = lambda: now
            run = self._instance.running = Run(program, command, store, session, read_only)
            try:
                run.may_not_grow = _may_not_grow(shared, flags)
                with admitted(shared):
                    return _run(run, keys, args)
            finally:
                self._instance.running = None
                shared.now = shared.clock.now
                store._end()
        finally:
            store._release()
            if self._instance.busy:
                self._become_free()

    # Ending what runs

    def kill(self, kind: str) -> None:
        """End what runs, if it is of this kind: SCRIPT or FUNCTION.

        ResponseError if nothing runs, if it has written, or if it is of the other kind.
        """
        while (run := self._instance.running) is None:
            if not self._instance.busy:
                raise ResponseError(NOT_BUSY)
            time.sleep(0.001)  # its thread is about to begin, or about to end
        if run.wrote:
            raise ResponseError(UNKILLABLE)
        if run.program.kind != kind:
            raise self.busy_error()
        run.killed = True

    def end(self) -> None:
        """End what runs, whatever it has done: everything ends."""
        if self._instance.running is not None:
            self._instance.running.killed = True

    def say_farewell(self) -> None:
        """The clients go: end what keeps all waiting, if it is one of theirs and has written nothing."""
        run = self._instance.running
        if self._instance.busy and run is not None and run.session is not None and not run.wrote:
            run.killed = True

    def interrupted(self) -> bytes | None:
        """Why what runs has to end now, if it has to. It asks all the time."""
        run = self._instance.running
        if run is None:
            return None
        if self._visits:
            self._receive()
        if run.killed:
            return KILLED
        if not self._instance.busy and self._seconds_left(run) <= 0:
            self._become_busy()
        return None

    # Being busy

    def busy_error(self) -> ResponseError:
        """What the others are told meanwhile."""
        kind = "SCRIPT" if self._instance.running is None else self._instance.running.program.kind
        return ResponseError(
            f"BUSY Redis is busy running a script. You can only call {kind} KILL or SHUTDOWN NOSAVE."
        )

    def _seconds_left(self, run: Run) -> float:
        """How long the others still wait for it without a word."""
        threshold = self._instance.config["busy-reply-threshold"]
        return threshold / 1000 - run.seconds if threshold else float("inf")

    def _become_busy(self) -> None:
        self._instance.busy = True
        self._instance.review()

    def _become_free(self) -> None:
        self._instance.busy = False
        self._instance.review()

    def give_way(self) -> None:
        """Wait for a script of another thread, as long as it may be waited for without a word."""
        while (run := self._instance.running) is not None and not self._instance.busy:
            left = self._seconds_left(run)
            if left <= 0:
                self._become_busy()
            else:
                time.sleep(min(left, 0.001))

    def meanwhile(self, session: Session, work: Callable[[], Reply], undo: Callable[[], object]) -> Reply:
        """Do `work` for a session under the store's lock, between two steps of what runs, or when that has
        ended. PARKED until then; `undo` follows if the client goes first."""
        job = Job(work)
        job.resume_by(session.door.resume)
        reply = session.park(job.outcome, abandon=undo)
        self._visits.append(job)
        self._instance.errands.run(self._receive)
        return reply

    def _receive(self) -> None:
        with self._instance.store._shared.lock:
            while self._visits:
                self._visits.popleft().do()

    def elsewhere(self, session: Session, work: Callable[[], Reply]) -> Reply:
        """Do `work` for a session whose thread has others to serve: in another thread, if it may take long.

        PARKED if it does.
        """
        threshold = self._instance.config["busy-reply-threshold"]
        if not session.shares_thread or session.executing or not threshold:
            return work()
        if self._worker is None or not self._worker.alive:
            self._worker = Worker()
        job = self._worker.begin(work)
        if job.wait(threshold / 1000):
            return job.outcome()
        self._become_busy()

        def end() -> None:
            self._become_free()
            session.door.resume()

        if job.resume_by(end):
            return session.park(job.outcome)
        self._become_free()
        return job.outcome()


def check_count(keys: int, arguments: int) -> int:
    """How many of the arguments are said to be keys; ResponseError if they cannot be."""
    if keys > arguments:
        raise ResponseError("Number of keys can't be greater than number of args")
    if keys < 0:
        raise ResponseError("Number of keys can't be negative")
    return keys


def _run(run: Run, keys: Sequence[bytes], args: Sequence[bytes]) -> Reply:
    program = run.program
    library = program.library
    library.begin(run)
    try:
        outcome = library.engine.run(program.chunk, keys, args)
    finally:
        library.end()
    if type(outcome) is tuple and outcome[0] in (b"failed", b"broken"):
        raise _failure(program.name.decode(), outcome)
    reply = library.reply(outcome)
    if isinstance(reply, RedisError):
        raise reply
    return reply


def text_of(text: bytes) -> str:
    """What C takes for the text, which ends at a NUL."""
    return text.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _failure(name: str, outcome: Outcome) -> RedisError:
    """The error for an outcome that is a failure."""
    if outcome[0] == b"broken":
        problem = text_of(outcome[1]) if type(outcome[1]) is bytes else "it has no text"
        return ResponseError(f"Error running script (call to {name}): {problem}")
    message, source, line, counted = outcome[1:]
    text, file, place = map(_shown, (message, source, line))
    if text is None:
        text = "ERR the script raised an error that has no text"
    where = f" script: {name}, on {file}:{place}." if file is not None and place is not None else ""
    error = error_of(text + where)
    error.counted = counted is True
    return error


def _shown(value: Any) -> str | None:
    """A string or number of Lua as C has it; None for anything else."""
    if type(value) in (int, float):
        return f"{value:.14g}"
    return text_of(value) if type(value) is bytes else None
