"""A connection within the process: requests go in, replies come out as Python values wait to be taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from ..keyspace import Keyspace
from ..pubsub import MAX_PENDING, listening
from . import commands as commands  # fills the table
from .instance import Instance
from .replies import NO_REPLY, PARKED, Push, Reply
from .session import Gauge, Session


class Line:
    """The two ends of a connection to a store in one object: `send` requests, `take` what is answered.

    One thread at a time may use it; `ring` is called by any thread when there may be something to take for
    who found nothing, and must not block.
    """

    address = own_address = "in-process:0"

    def __init__(self, store: Keyspace[Any], ring: Callable[[], None]) -> None:
        for session in _take_all(_left_behind):
            session.close()
        self.ring = ring
        self.ended = False
        """There is nothing more to come but what has come already."""
        self.failure: Exception | None = None
        """What it ended by, if it was not ended in order."""
        self.session = Session(Instance.of(store), self)
        self._replies: deque[Reply] = deque()
        self._pushed: deque[Reply] = deque()
        """Messages from any thread."""
        self._backlog: deque[list[bytes]] = deque()
        """Requests behind one that waits."""
        self._resumed = False
        self._due: float | None = None
        """When the session is to be told that its time is up, as `monotonic` counts."""

    @property
    def idle(self) -> bool:
        """Nothing is there to be taken, and nothing is being waited for, not even the end of a script."""
        session = self.session
        return (
            not (self._replies or self._pushed or self.ended or session.closing)
            and session.wait is None
            and session.instance.running is None
        )

    def send(self, requests: Iterable[list[bytes]]) -> None:
        """Run the requests, in order; while one waits, those behind it wait too."""
        self._backlog.extend(requests)
        self._run()

    def accept(self, reply: Reply) -> None:
        """Take in what the session answered to a request that was given to it directly."""
        if reply is PARKED:
            self._start_timer()
        elif reply is not NO_REPLY:
            self._replies.append(reply)

    def ready(self) -> bool:
        """Whether there is something to take. If not, look at `ended`."""
        if self._resumed and not (self.ended or self.session.closing):
            self._resumed = False
            self._due = None
            self._collect()
            self.accept(self.session.finish())
            self._run()
        if self._replies or self._pushed:
            return True
        if self.session.closing:
            self.ended = True
        return False

    def take(self) -> Reply:
        """The next reply or message, when it is `ready`."""
        while True:
            for queue in (self._replies, self._pushed):
                with suppress(IndexError):  # another thread sends, and moves messages behind its replies
                    return queue.popleft()

    def take_replies(self, count: int) -> list[Reply] | None:
        """The next `count` replies if all are there and no message is among them, else None."""
        replies = self._replies
        if len(replies) != count or Push in map(type, replies):
            return None
        taken = list(replies)
        replies.clear()
        return taken

    def time_left(self) -> float | None:
        """The seconds after which to look again, though nothing has rung; None is never."""
        if self._due is None:
            return None
        left = self._due - monotonic()
        if left <= 0:
            self._due = None
            self.session.time_out()
            return 0
        return left

    @contextmanager
    def waiting(self) -> Iterator[float | None]:
        """A block that waits for `ring`: the `time_left`. For who listens keys expire in time meanwhile."""
        left = self.time_left()
        if self.session.listener is None:
            yield left
        else:
            with listening(self.session.store._shared, self.ring) as due:
                yield min((each for each in (left, due) if each is not None), default=None)

    def _run(self) -> None:
        session, backlog, replies = self.session, self._backlog, self._replies
        if session.wait is not None:
            return
        if session.instance.running is not None:
            session.instance.runner.give_way()
        execute, pushed = session.execute, self._pushed
        several = len(backlog) > 1
        if several:
            session.begin()
        try:
            while backlog and not session.closing:
                if pushed:
                    self._collect()
                reply = execute(backlog.popleft())
                if reply is PARKED:
                    self._start_timer()
                    break
                if reply is not NO_REPLY:
                    replies.append(reply)
            if pushed:
                self._collect()
        finally:
            if several:
                session.end()

    def _collect(self) -> None:
        """What has been pushed until now comes before what is answered next."""
        self._replies.extend(_take_all(self._pushed))

    def _start_timer(self) -> None:
        wait = self.session.wait
        if wait is not None and wait.seconds is not None and not wait.by_clock:
            self._due = monotonic() + wait.seconds

    def hang_up(self) -> None:
        """End the session from this end; any thread may. Whoever waits for a reply finds the line ended.

        A finalizer may come to this at any instant, even in the middle of a command of the store. Then the
        session goes when the next one comes.
        """
        self.ended = True
        self._backlog.clear()
        self._replies.clear()
        self._pushed.clear()
        session = self.session
        if session.store._shared.lock._is_owned():  # type: ignore[attr-defined]
            _left_behind.append(session)
        else:
            session.close()
        self.ring()

    # As the door of the session: called by any thread

    def push(self, reply: Reply) -> None:
        if len(self._pushed) < MAX_PENDING or (type(reply) is Push and reply[0].endswith(b"subscribe")):
            self._pushed.append(reply)
        else:
            self._cut()
        self.ring()

    def _cut(self) -> None:
        """Nobody reads: end the connection, as a server does; what waits can still be taken."""
        session = self.session
        session.closing = True
        session.instance.stop_watching(session)
        if session.listener is not None:
            session.listener.hear_no_more()
            session.store._shared.hub.drop(session.listener)

    def resume(self) -> None:
        self._resumed = True
        self.ring()

    def trust(self, trusted: bool) -> None:
        """Whoever is in this process may send as much as he likes."""

    def gauge(self) -> Gauge:
        return Gauge()

    def close(self) -> None:
        self.session.closing = True
        self.ring()

    def lose(self, error: Exception) -> None:
        self.failure = error


_left_behind: deque[Session] = deque()


def _take_all(queue: deque[Any]) -> Iterable[Any]:
    with suppress(IndexError):
        while True:
            yield queue.popleft()
