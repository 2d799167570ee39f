"""Sessions of a web site: a hash for each, which dies when it has not been used for half an hour.

Every use puts the end off. A set names the sessions of a user, to log out everywhere at once.

    python examples/sessions.py            in memory
    python examples/sessions.py app.kv     kept in a folder: users stay logged in when the site starts anew
"""

from __future__ import annotations

import secrets
import sys

from kvlite import ManualClock, Store

IDLE = 30 * 60


class Sessions:
    def __init__(self, store: Store[str]) -> None:
        self.store = store

    def log_in(self, user: str, **facts: str | int) -> str:
        """Start a session; its token."""
        token = secrets.token_urlsafe(16)
        with self.store.pipeline() as pipe:
            pipe.hset(f"session:{token}", mapping={"user": user, "requests": 0, **facts})
            pipe.expire(f"session:{token}", IDLE)
            pipe.sadd(f"sessions:{user}", token)
            pipe.expire(f"sessions:{user}", IDLE)
            pipe.execute()
        return token

    def use(self, token: str) -> dict[str, str] | None:
        """The facts of a session, which lives on; None if it has ended."""
        key = f"session:{token}"
        with self.store.atomic():
            if not self.store.expire(key, IDLE):
                return None
            self.store.hincrby(key, "requests", 1)
            facts = self.store.hgetall(key)
            self.store.expire(f"sessions:{facts['user']}", IDLE)
            return facts

    def active(self, user: str) -> int:
        """How many sessions the user has; those that have ended are forgotten here."""
        with self.store.atomic():
            for token in self.store.smembers(f"sessions:{user}"):
                if not self.store.exists(f"session:{token}"):
                    self.store.srem(f"sessions:{user}", token)
            return self.store.scard(f"sessions:{user}")

    def log_out_everywhere(self, user: str) -> int:
        """End all sessions of the user; how many there were."""
        with self.store.atomic():
            tokens = self.store.smembers(f"sessions:{user}")
            ended = sum(self.store.delete(f"session:{token}") for token in tokens)
            self.store.delete(f"sessions:{user}")
            return ended


def main(path: str | None = None) -> None:
    # A clock that is turned by hand, so that half an hour takes no time.
    with Store(path, decode_responses=True, clock=ManualClock()) as store:
        show(store)


def show(store: Store[str]) -> None:
    sessions = Sessions(store)
    laptop, phone = sessions.log_in("ada", browser="Firefox"), sessions.log_in("ada", browser="Safari")
    print(f"ada has {sessions.active('ada')} sessions")

    store.advance(20 * 60)
    print(f"after 20 minutes she uses the laptop: {sessions.use(laptop)}")
    store.advance(20 * 60)
    print(f"after 20 more the laptop is logged in: {sessions.use(laptop) is not None}")
    print(f"and the phone, not used for 40 minutes: {sessions.use(phone) is not None}")
    left = store.ttl(f"session:{laptop}")
    print(f"so she has {sessions.active('ada')} session, for another {left} seconds")

    sessions.log_in("ada", browser="Safari")
    print(f"she logs in once more, then out everywhere: {sessions.log_out_everywhere('ada')} sessions ended")
    print(f"keys left: {store.dbsize()}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
