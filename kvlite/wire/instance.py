"""What the sessions of one store have in common, whichever door they came through."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from ..keyspace import Keyspace
from .acl import Acl
from .acl_log import AclLog
from .config import Config
from .pause import Pause
from .statistics import Statistics

if TYPE_CHECKING:
    from ..store import Store
    from .session import Session
    from .table import Row


class Instance:
    """One per store: its sessions, and what Redis keeps for a whole server. Use `Instance.of`."""

    def __init__(self, store: Store[Any]) -> None:
        self.stores = store._shared.stores
        self.store = store
        self.sessions: dict[int, Session] = {}
        self.next_id = 1
        self.run_id = os.urandom(20).hex()
        self.now = store._shared.now
        """The time in milliseconds since the epoch."""
        self.started_ms = self.now()
        self.config = Config()
        self.acl = Acl()
        self.acl_log = AclLog(self.now)
        self.pause = Pause(self.now)
        self._follow_config()
        self.statistics = Statistics()
        self.attention: float = math.inf
        """How many nanoseconds a command must have taken to be looked at by `attend`."""

    @classmethod
    def of(cls, store: Keyspace[Any]) -> Instance:
        """The instance of `store`, the same each time and for each of its databases."""
        shared = store._shared
        with shared.lock:
            if shared.instance is None:
                shared.instance = cls(store._sibling(0))  # type: ignore[arg-type]
            instance: Instance = shared.instance
            return instance

    def _follow_config(self) -> None:
        config, acl, log = self.config, self.acl, self.acl_log

        def require_password() -> None:
            acl.require_password(config["requirepass"].encode("utf-8", "surrogateescape"))
            self.review()

        def set_limits() -> None:
            acl.all_channels = config["acl-pubsub-default"] == "allchannels"
            log.limit = config["acllog-max-len"]

        config.on_change(require_password, "requirepass")
        config.on_change(set_limits, "acl-pubsub-default", "acllog-max-len")

    @property
    def probe(self) -> Any:
        """What a test has put before every command, or None."""
        return self.store._shared.probe

    def review(self) -> None:
        """Let every session look again whether requests may go straight to their rows."""
        for session in list(self.sessions.values()):
            session.review()

    def reset_statistics(self) -> None:
        """What CONFIG RESETSTAT does: begin to count from 0."""
        self.statistics.reset()

    def attend(self, session: Session, row: Row, args: list[bytes], spent: int) -> None:
        """Do what is done about a command that took `spent` nanoseconds."""

    def admit(self, session: Session) -> int:
        """The number of a new session."""
        with self.store._shared.lock:
            number = self.next_id
            self.next_id += 1
            self.sessions[number] = session
            self.statistics.connections += 1
            return number

    def dismiss(self, session: Session) -> None:
        with self.store._shared.lock:
            self.sessions.pop(session.id, None)
