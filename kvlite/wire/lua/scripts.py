"""What an instance knows of scripts, and the one that runs.

A script is run under the store's lock, as one change. While it takes longer than `busy-reply-threshold` all
other clients are told so, and may end it if it has written nothing. Whoever serves many clients in one thread
therefore has scripts run in another, and waits for it only so long.
"""

from __future__ import annotations

import hashlib
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ...errors import NoScriptError, RedisError, ResponseError, error_of
from ..replies import Reply
from ..resp import split_words

if TYPE_CHECKING:
    from ...store import Store
    from ..instance import Instance
    from ..session import Session
    from .conversions import FromLua
    from .engine import Chunk, Engine, Outcome
    from .redis_library import RedisLibrary

MOST_EVALUATED = 1000
"""How many scripts are kept that were only evaluated: the oldest goes. Those that were loaded all stay."""
FLAGS = frozenset(("no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"))

NO_SCRIPT = "No matching script. Please use EVAL."
BUSY = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
NOT_BUSY = "NOTBUSY No scripts in execution right now."
UNKILLABLE = (
    "UNKILLABLE Sorry the script already executed write commands against the dataset. "
    "You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE "
    "command."
)
KILLED = b"ERR Script killed by user with SCRIPT KILL."
CANNOT_WRITE = "Can not execute a script with write flag using *_ro command."


@dataclass(slots=True, eq=False)
class Script:
    """One that has been compiled."""

    source: bytes
    sha: bytes
    """The SHA1 of the source, in hexadecimal."""
    flags: frozenset[str] | None
    """What its first line says it will and will not do; None if it says nothing."""
    chunk: Chunk
    loaded: bool = False
    """It was loaded, not just evaluated."""


class Run:
    """A script that is being run."""

    __slots__ = ("began", "killed", "read_only", "session", "store", "wrote")

    def __init__(self, store: Store[Any], session: Session | None, read_only: bool) -> None:
        self.store = store
        self.session = session
        """Whose request it was; None for a call within the process, which may do everything."""
        self.read_only = read_only
        self.began = time.monotonic()
        self.wrote = False
        self.killed = False


class Scripts:
    """The scripts of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._by_source: dict[bytes, Script] = {}
        self._by_sha: dict[bytes, Script] = {}
        self._library: RedisLibrary | None = None
        self._reply: FromLua
        self.running: Run | None = None
        self.busy = False
        """It has been running for too long: the others are told so."""
        self._afterwards: list[Callable[[], object]] = []
        self._worker: _Worker | None = None

    # Knowing

    def find(self, sha: bytes) -> Script:
        """The script with this SHA1; NoScriptError if it is unknown."""
        script = self._by_sha.get(sha) or self._by_sha.get(sha.lower())
        if script is None:
            raise NoScriptError(NO_SCRIPT)
        return script

    def knows(self, sha: bytes) -> bool:
        return sha.lower() in self._by_sha

    def evaluated(self, source: bytes) -> Script:
        """The script `source`, compiled if it is not known; ResponseError if it is no script."""
        return self._by_source.get(source) or self._add(source)

    def load(self, source: bytes) -> Script:
        """As `evaluated`, and to be kept until `flush`."""
        script = self.evaluated(source)
        script.loaded = True
        return script

    def _add(self, source: bytes) -> Script:
        flags, body = _without_shebang(source)
        with self._instance.store._shared.lock:
            script = Script(source, sha1(source), flags, self._engine.compile(body))
            self._by_source[source] = self._by_sha[script.sha] = script
            self._forget_one()
        return script

    def _forget_one(self) -> None:
        if len(self._by_sha) <= MOST_EVALUATED:
            return
        evaluated = [script for script in self._by_sha.values() if not script.loaded]
        for script in evaluated[: len(evaluated) - MOST_EVALUATED]:
            del self._by_source[script.source], self._by_sha[script.sha]

    def promises_no_writes(self, command: str, word: bytes) -> bool:
        """Whether the script of an EVAL or EVALSHA has said that it changes nothing."""
        try:
            script = self.evaluated(word) if command == "eval" else self.find(word)
        except RedisError:
            return False
        return script.flags is not None and "no-writes" in script.flags

    def flush(self) -> None:
        """Forget all scripts."""
        self._by_source.clear()
        self._by_sha.clear()

    @property
    def _engine(self) -> Engine:
        if self._library is None:
            # Whoever runs no script needs nothing of it.
            from .. import commands as commands  # fills the table
            from .conversions import FromLua
            from .redis_library import RedisLibrary

            self._library = RedisLibrary(self._instance, self._interrupted)
            self._reply = FromLua(self._library.engine)
        return self._library.engine

    @property
    def count(self) -> int:
        return len(self._by_sha)

    @property
    def size(self) -> int:
        """Of the sources, in bytes."""
        return sum(map(len, list(self._by_source)))

    @property
    def memory(self) -> int:
        """What Lua holds, in bytes."""
        return 0 if self._library is None else self._library.engine.memory

    # Running

    def run(
        self,
        script: Script,
        keys: Sequence[bytes],
        args: Sequence[bytes],
        store: Store[Any],
        session: Session | None = None,
        read_only: bool = False,
    ) -> Reply:
        """What the script answers; an error, be it raised or returned by the script, is raised."""
        if script.flags is not None:
            if read_only and "no-writes" not in script.flags:
                raise ResponseError(CANNOT_WRITE)
            read_only = "no-writes" in script.flags
        shared = store._shared
        store._acquire()
        try:
            store._begin()
            now = shared.clock.now()
            shared.now = lambda: now
            run = self.running = Run(store, session, read_only)
            try:
                return self._run(script, keys, args, run)
            finally:
                self.running = None
                shared.now = shared.clock.now
                store._end()
        finally:
            store._release()
            if self.busy:
                self._become_free()

    def _run(self, script: Script, keys: Sequence[bytes], args: Sequence[bytes], run: Run) -> Reply:
        engine, library = self._engine, self._library
        assert library is not None
        library.begin(run)
        outcome = engine.run(script.chunk, keys, args)
        if type(outcome) is tuple and outcome[0] in (b"failed", b"broken"):
            raise _failure(script, outcome)
        reply = self._reply(outcome, library.resp)
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def kill(self) -> None:
        """End the script that runs. ResponseError if there is none, or if it has written."""
        run = self.running
        if run is None:
            raise ResponseError(NOT_BUSY)
        if run.wrote:
            raise ResponseError(UNKILLABLE)
        run.killed = True

    def end(self) -> None:
        """End the script that runs, whatever it has done: everything ends."""
        if self.running is not None:
            self.running.killed = True

    def _interrupted(self) -> bytes | None:
        run = self.running
        if run is None:
            return None
        if run.killed:
            return KILLED
        if not self.busy and self._seconds_left(run) <= 0:
            self._become_busy()
        return None

    # Being busy

    def _seconds_left(self, run: Run) -> float:
        """How long the others still wait for it without a word."""
        threshold = self._instance.config["busy-reply-threshold"]
        return run.began + threshold / 1000 - time.monotonic() if threshold else float("inf")

    def _become_busy(self) -> None:
        self.busy = True
        self._instance.review()

    def _become_free(self) -> None:
        self.busy = False
        self._instance.review()
        afterwards, self._afterwards = self._afterwards, []
        for call in afterwards:
            call()

    def afterwards(self, call: Callable[[], object]) -> None:
        """Have `call` called when the script that keeps all waiting has ended, by the thread that ran it."""
        self._afterwards.append(call)
        if not self.busy:
            self._become_free()

    def give_way(self) -> None:
        """Wait for a script of another thread, as long as it may be waited for without a word."""
        while (run := self.running) is not None and not self.busy:
            left = self._seconds_left(run)
            if left <= 0:
                self._become_busy()
            else:
                time.sleep(min(left, 0.001))

    def elsewhere(self, session: Session, work: Callable[[], Reply]) -> Reply:
        """Do `work` for a session whose thread has others to serve: in another thread, if it may take long.

        PARKED if it does.
        """
        threshold = self._instance.config["busy-reply-threshold"]
        if not session.shares_thread or session.executing or not threshold:
            return work()
        if self._worker is None or not self._worker.alive:
            self._worker = _Worker()
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


class _Job:
    """Some work for another thread."""

    def __init__(self, work: Callable[[], Reply]) -> None:
        self._work = work
        self._result: Reply = None
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._resume: Callable[[], object] | None = None
        self._bell = threading.Lock()
        self._bell.acquire()

    def do(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error
        with self._lock:
            resume = self._resume
            self._bell.release()
        if resume is not None:
            resume()

    def wait(self, seconds: float) -> bool:
        """Whether it is done within so many seconds."""
        return self._bell.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))

    def resume_by(self, resume: Callable[[], object]) -> bool:
        """Have `resume` called when it is done; False if it is."""
        with self._lock:
            if not self._bell.locked():
                return False
            self._resume = resume
            return True

    def outcome(self) -> Reply:
        if self._error is not None:
            raise self._error
        return self._result


class _Worker:
    """A thread that does one job after the other, and ends when nobody holds on to this any more."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=_work, args=(self._jobs,), name="kvlite-scripts", daemon=True)
        self._thread.start()
        weakref.finalize(self, self._jobs.put, None)

    @property
    def alive(self) -> bool:
        """Not so in a process that was forked from the one in which it began."""
        return self._thread.is_alive()

    def begin(self, work: Callable[[], Reply]) -> _Job:
        job = _Job(work)
        self._jobs.put(job)
        return job


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job.do()


def text_of(text: bytes) -> str:
    """What C takes for the text, which ends at a NUL."""
    return text.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def sha1(source: bytes) -> bytes:
    return hashlib.sha1(source, usedforsecurity=False).hexdigest().encode()


def _without_shebang(source: bytes) -> tuple[frozenset[str] | None, bytes]:
    """What the first line says, if it begins with `#!`, and what is left for Lua, on the lines it was on."""
    if not source.startswith(b"#!"):
        return None, source
    line, newline, rest = source.partition(b"\n")
    if not newline:
        raise ResponseError("Invalid script shebang")
    words = split_words(line)
    if not words:
        raise ResponseError("Invalid engine in script shebang")
    if words[0] != b"#!lua":
        raise ResponseError(f"Unexpected engine in script shebang: {text_of(words[0])}")
    flags: set[str] = set()
    for word in map(text_of, words[1:]):
        if not word.startswith("flags="):
            raise ResponseError(f"Unknown lua shebang option: {word}")
        named = word.removeprefix("flags=")
        for flag in named.split(",") if named else ():
            if flag not in FLAGS:
                raise ResponseError(f"Unexpected flag in script shebang: {flag}")
            flags.add(flag)
    return frozenset(flags), newline + rest


def _failure(script: Script, outcome: Outcome) -> RedisError:
    """The error for an outcome that is a failure."""
    sha = script.sha.decode()
    if outcome[0] == b"broken":
        problem = text_of(outcome[1]) if type(outcome[1]) is bytes else "it has no text"
        return ResponseError(f"Error running script (call to {sha}): {problem}")
    message, source, line, counted = outcome[1:]
    text = text_of(message) if type(message) is bytes else _shown(message)
    where = f", on {text_of(source)}:{line}" if type(source) is bytes else ""
    error = error_of(f"{text} script: {sha}{where}.")
    error.counted = counted is True
    return error


def _shown(message: Any) -> str:
    if type(message) in (int, float):
        return f"{message:.14g}"
    return "ERR the script raised an error that has no text"
