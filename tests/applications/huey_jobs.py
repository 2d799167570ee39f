"""Huey: tasks, retries, a delayed task, a pipeline, a lock, run by a consumer with several threads."""

from __future__ import annotations

import sys
import time
from typing import Any

from huey import RedisHuey


def main(url: str) -> None:
    huey = RedisHuey("work", url=url, blocking=True)
    attempts: list[int] = []

    @huey.task()
    def add(one: int, other: int) -> int:
        return one + other

    @huey.task(retries=2)
    def flaky() -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("on purpose")
        return "done"

    @huey.task()
    @huey.lock_task("one at a time")
    def locked() -> str:
        return "locked"

    consumer = huey.create_consumer(workers=2, check_worker_health=False, periodic=False)
    consumer.start()
    deadline = time.monotonic() + 30
    try:
        assert add(2, 3)(blocking=True, timeout=20) == 5
        flaky()
        while len(attempts) < 3:
            assert time.monotonic() < deadline, f"tried {len(attempts)} times"
            time.sleep(0.01)
        assert locked()(blocking=True, timeout=20) == "locked"
        pipeline: Any = add.s(1, 2).then(add, 10)
        assert huey.enqueue(pipeline).get(blocking=True, timeout=20) == [3, 13]
        later = add.schedule((1, 1), delay=3600)
        later.revoke()
        assert later.is_revoked()
    finally:
        consumer.stop(graceful=True)
    assert len(huey) == 0


if __name__ == "__main__":
    main(sys.argv[1])
