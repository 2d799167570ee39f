"""What the sessions of one store have in common, whichever door they came through."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..keyspace import Keyspace
from .acl import Acl, User
from .acl_log import AclLog
from .config import NOBODYS, Config
from .errands import Errands
from .latency import Event
from .lua.functions import Functions
from .lua.running import Runner
from .lua.scripts import Scripts
from .monitor import feed
from .parameters import DEFAULTS
from .pause import Pause
from .persistence import Saves
from .replies import Reply
from .settings import connect
from .slowlog import SlowLog
from .statistics import Statistics
from .timekeeper import QUICK

if TYPE_CHECKING:
    from ..store import Store
    from .lua.running import Run
    from .session import Session
    from .table import Row


M = TypeVar("M")

NEVER = 2**63
"""More nanoseconds than any command takes. An int: what is an int is compared with it."""


class Lazy(Generic[M]):
    """A part of an instance, which is made when it is first asked for: most clients never do."""

    def __init__(self, make: Callable[[Instance], M]) -> None:
        self._make = make

    def __set_name__(self, owner: type[Instance], name: str) -> None:
        self._name = name

    def __get__(self, instance: Instance, owner: type[Instance]) -> M:
        with instance._lock:
            parts = vars(instance)
            if self._name not in parts:
                parts[self._name] = self._make(instance)
            made: M = parts[self._name]
            return made


class Instance:
    """One per store: its sessions, and what Redis keeps for a whole server. Use `Instance.of`."""

    def __init__(self, store: Store[Any]) -> None:
        self.stores = store._shared.stores
        self.store = store
        self._lock = threading.RLock()
        """For who comes and goes, and what is shown: a script may keep the store's own for long."""
        self.sessions: dict[int, Session] = {}
        self.stop: Callable[[], None] | None = None
        """Ends the server soon, and with it all sessions; None where there is no server."""
        self.next_id = 1
        self.peak_memory = 1
        """The most that the data took, as far as it was looked at."""
        self.now = store._shared.now
        """The time in milliseconds since the epoch."""
        self.started_ms = self.now()
        self.acl = Acl()
        self.pause = Pause(self.now, self.sessions)
        self.running: Run | None = None
        """The script that is being run."""
        self.busy = False
        """A script has been running for too long: all are told so."""
        self.statistics = Statistics()
        self.latency: dict[str, Event] = {}
        """Spikes by their kind."""
        self.monitors: dict[Session, None] = {}
        self.attention = NEVER
        """How many nanoseconds a command must have taken to be looked at by `attend`."""
        self.quick = QUICK
        """How many seconds a command may have taken to be looked at no further."""
        self._look_for(DEFAULTS)

    run_id = Lazy(lambda self: os.urandom(20).hex())
    replication_id = Lazy(lambda self: os.urandom(20).hex())
    acl_log = Lazy(lambda self: AclLog(self.now))
    errands = Lazy(lambda self: Errands(self.store._shared.lock))
    saves = Lazy(lambda self: Saves(self))
    runner = Lazy(Runner)
    scripts = Lazy(Scripts)
    functions = Lazy(Functions)
    slowlog = Lazy(lambda self: SlowLog())

    @classmethod
    def of(cls, store: Keyspace[Any]) -> Instance:
        """The instance of `store`, the same each time and for each of its databases."""
        shared = store._shared
        if shared.instance is None:
            with shared.lock:
                if shared.instance is None:
                    shared.instance = cls(store._sibling(0))  # type: ignore[arg-type]
        instance: Instance = shared.instance
        return instance

    @Lazy
    def config(self) -> Config:
        """What is configured: at first as the store stands, which follows it from then on."""
        config, acl = Config(), self.acl
        connect(config, self.store)

        def require_password() -> None:
            self._require_password()
            self.review()

        def set_limits() -> None:
            acl.all_channels = config["acl-pubsub-default"] == "allchannels"
            self.acl_log.limit = config["acllog-max-len"]

        config.take_directive("user", acl.take_line, acl.lines)
        config.on_change(require_password, "requirepass")
        config.on_change(set_limits, "acl-pubsub-default", "acllog-max-len")
        config.on_change(self.review, "proto-max-bulk-len")
        config.on_change(self._pay_attention, "slowlog-log-slower-than", "latency-monitor-threshold")
        return config

    @property
    def probe(self) -> Any:
        """What a test has put before every command, or None."""
        return self.store._shared.probe

    @property
    def is_limited(self) -> bool:
        """Whether memory is to be looked at before every request."""
        eviction = self.store._shared.eviction
        return eviction is not None and eviction.is_limited

    def review(self) -> None:
        """Let every session look again whether requests may go straight to their rows."""
        for session in list(self.sessions.values()):
            session.review()

    def _require_password(self) -> None:
        self.acl.require_password(self.config["requirepass"].encode("utf-8", "surrogateescape"))

    def remember(self) -> Callable[[], None]:
        """How CONFIG and ACL have it now: what is returned is to be called to have it so again, once."""
        config: Config | None = vars(self).get("config")
        if config is None:
            return partial(self._put_back, NOBODYS, None, self.acl.remember())
        return partial(self._put_back, config.own, config.remember(), self.acl.remember())

    def begin_anew(self) -> None:
        """Have all that CONFIG and ACL may change as it was when this was made."""
        self._put_back(NOBODYS, None, self.acl.begin_anew)

    def _put_back(
        self,
        own: Mapping[str, Any],
        settings: Callable[[], None] | None,
        users: Callable[[], list[User]],
    ) -> None:
        """Call these; without `settings`, nothing had been configured. A server that has begun since has
        its password still: another's `own` was there then."""
        from .client import end

        if settings is not None:
            settings()
        elif "config" in vars(self):
            self.config.begin_anew()
        gone = users()
        config = vars(self).get("config")
        if config is not None and config.own is not own and config["requirepass"]:
            self._require_password()
        for session in list(self.sessions.values()):
            if any(session.user is user for user in gone):
                end(session)
        self.review()

    def meet_probe(self) -> None:
        """Let every session look again, since a test has put its probe before all commands. Those that are
        there have begun: whatever they send now, an application asked for it."""
        for session in list(self.sessions.values()):
            session.introducing = False
        self.review()

    def reset_statistics(self) -> None:
        """What CONFIG RESETSTAT does: begin to count from 0."""
        self.saves.forget_counts()
        self.store._shared.expired_keys = self.store._shared.evicted_keys = 0
        self.statistics.reset()

    # Commands that are looked at

    def _pay_attention(self) -> None:
        """Look again which commands are to be looked at."""
        self._look_for(self.config)

    def _look_for(self, config: Mapping[str, Any]) -> None:
        slow, spike = config["slowlog-log-slower-than"], config["latency-monitor-threshold"]
        self._slow = slow * 1_000 if slow >= 0 else NEVER
        self._spike = spike * 1_000_000 if spike else NEVER
        self.attention = min(self._slow, self._spike, 0 if self.monitors else NEVER)
        self.quick = min(self.attention / 1e9, QUICK)

    def attend(self, session: Session, row: Row, args: list[bytes], spent: int, waits: bool) -> None:
        """Tell those who want to know of a command that took `spent` nanoseconds, so far if it `waits`."""
        if not waits:
            self.note(session, row, args, spent)
        if self.monitors:
            feed(session, row, args)

    def note(self, session: Session, row: Row, args: list[bytes], spent: int) -> None:
        """Tell the slow log and the latency monitor of a command that took `spent` nanoseconds."""
        if spent >= self._slow and "skip_slowlog" not in row.flags:
            self.slowlog.add(session, row, args, spent)
        if spent >= self._spike:
            event = self.latency.setdefault("fast-command" if "fast" in row.flags else "command", Event())
            event.add(self.now() // 1000, spent // 1_000_000)

    def watch_requests(self, session: Session) -> None:
        """Show the requests of all sessions to this one."""
        self.monitors[session] = None
        self._pay_attention()
        session.review()

    def show(self, line: Reply) -> None:
        """Push a line to all who monitor, in the same order to each."""
        with self._lock:
            for monitor in list(self.monitors):
                monitor.door.push(line)

    def end_monitors(self) -> None:
        """End the connections of all who monitor: there is nothing to be shown any more."""
        for monitor in list(self.monitors):
            monitor.door.close()

    def stop_watching(self, session: Session) -> None:
        """Show this session nothing any more, if anything."""
        if session in self.monitors:
            self.monitors.pop(session, None)
            self._pay_attention()

    def admit(self, session: Session) -> int:
        """The number of a new session."""
        with self._lock:
            number = self.next_id
            self.next_id += 1
            self.sessions[number] = session
            self.statistics.connections += 1
            return number

    def dismiss(self, session: Session) -> None:
        self.stop_watching(session)
        with self._lock:
            self.sessions.pop(session.id, None)
