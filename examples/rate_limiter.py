"""A rate limiter with a sliding window: at most so many calls in any period of so many seconds.

Each caller has a sorted set of the calls that were let through, by their time. Looking, counting and adding
are one block, `store.atomic()`, so threads that call at the same instant cannot pass together.

    python examples/rate_limiter.py            in memory
    python examples/rate_limiter.py app.kv     kept in a folder: starting anew does not get around the limit
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from kvlite import Clock, ManualClock, Store


class RateLimiter:
    def __init__(self, store: Store[bytes], clock: Clock, limit: int, seconds: int) -> None:
        self.store = store
        self.clock = clock
        self.limit = limit
        self.seconds = seconds

    def allow(self, caller: str) -> bool:
        key = f"calls:{caller}"
        now = self.clock.now()
        with self.store.atomic():
            self.store.zremrangebyscore(key, "-inf", now - 1000 * self.seconds)
            if self.store.zcard(key) >= self.limit:
                return False
            self.store.zadd(key, {self.store.incr("calls"): now})
            self.store.expire(key, self.seconds)
            return True


def main(path: str | None = None) -> None:
    clock = ManualClock()  # a SystemClock() outside of examples and tests
    with Store(path, clock=clock) as store:
        # A clock that is turned by hand may be behind what it showed in an earlier run.
        store.advance(max(0, int(store.get("time") or 0) - clock.now()) / 1000)
        show(store, clock)


def show(store: Store[bytes], clock: Clock) -> None:
    def go_by(seconds: int) -> None:
        store.advance(seconds)
        store.set("time", clock.now())

    limiter = RateLimiter(store, clock, limit=3, seconds=10)
    print("At most 3 calls in any 10 seconds, a call every 2 seconds:")
    for second in range(0, 18, 2):
        print(f"  second {second:2}: {'allowed' if limiter.allow('ada') else 'refused'}")
        go_by(2)

    with ThreadPoolExecutor(8) as pool:
        passed = sum(pool.map(limiter.allow, ["bob"] * 400))
    print(f"400 calls by 8 threads at one instant: {passed} allowed")

    go_by(10)
    print(f"Keys of callers after 10 quiet seconds: {len(store.keys('calls:*'))}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
