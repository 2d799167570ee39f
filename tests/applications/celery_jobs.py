"""Celery with broker and results in Redis: results, chains, groups, chords, retries, errors, and revoking."""

from __future__ import annotations

import os
import sys

from celery import Celery, chain, chord, group
from celery.contrib.testing.worker import start_worker

app = Celery("work", broker=os.environ["URL"], backend=os.environ["URL"])
app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)
attempts: list[int] = []


@app.task(name="add")
def add(one: int, other: int) -> int:
    return one + other


@app.task(name="total")
def total(numbers: list[int]) -> int:
    return sum(numbers)


@app.task(name="celery.ping")
def ping() -> str:
    return "pong"


@app.task(bind=True, name="flaky", max_retries=3, default_retry_delay=0.01)
def flaky(self: object) -> str:
    attempts.append(1)
    if len(attempts) < 3:
        raise self.retry()  # type: ignore[attr-defined]
    return "done"


@app.task(name="fail")
def fail() -> None:
    raise ValueError("on purpose")


def main() -> None:
    with start_worker(app, perform_ping_check=True, loglevel="ERROR", shutdown_timeout=30):
        assert add.delay(2, 3).get(timeout=20) == 5
        assert chain(add.s(1, 2), add.s(10)).delay().get(timeout=20) == 13
        assert group(add.s(n, n) for n in range(5)).delay().get(timeout=20) == [0, 2, 4, 6, 8]
        assert chord((add.s(n, 1) for n in range(5)), total.s()).delay().get(timeout=20) == 15
        assert flaky.delay().get(timeout=20) == "done"
        result = fail.delay()
        assert str(result.get(timeout=20, propagate=False)) == "on purpose"
        assert result.failed()
        later = add.apply_async((1, 1), countdown=3600)
        later.revoke()
        assert app.control.inspect(timeout=5).active() is not None


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # threads of the worker would keep the process
