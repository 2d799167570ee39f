"""A job queue with worker threads, where no job is lost and one that fails is tried again.

A worker moves a job from `waiting` to `running` in one step, sleeping until there is one. When it is done,
one transaction writes the result and takes the job out of `running`: should the program end in between, the
job is still there for `recover`. A job that has failed three times is buried in `failed`.

    python examples/job_queue.py            in memory
    python examples/job_queue.py app.kv     kept in a folder: kill it and start it again, and it goes on

A job in whose middle the program was killed is done again: every job is done at least once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from kvlite import Store

ATTEMPTS = 3
STOP = "stop"


class JobQueue:
    def __init__(self, store: Store[str], handle: Callable[[str], str]) -> None:
        self.store = store
        self.handle = handle

    def put(self, payload: str) -> str:
        job = f"job:{self.store.incr('jobs')}"
        with self.store.pipeline() as pipe:
            pipe.hset(job, mapping={"payload": payload, "attempts": 0, "state": "waiting"})
            pipe.incr("open")
            pipe.lpush("waiting", job)
            pipe.execute()
        return job

    def recover(self) -> None:
        """Put back what an earlier run, that was killed, did not finish."""
        while self.store.lmove("running", "waiting"):
            pass
        self.store.lrem("waiting", 0, STOP)

    def run(self, workers: int) -> None:
        """Do all jobs."""
        self.recover()
        if int(self.store.get("open") or 0) == 0:
            return
        with ThreadPoolExecutor(workers) as pool:
            for task in [pool.submit(self._work, workers) for _ in range(workers)]:
                task.result()

    def _work(self, workers: int) -> None:
        while (job := self.store.blmove("waiting", "running", 0, "RIGHT", "LEFT")) != STOP:
            if job is not None and self._do(job) == 0:
                self.store.lpush("waiting", *[STOP] * workers)
        self.store.lrem("running", 1, STOP)

    def _do(self, job: str) -> int:
        """Do a job; how many are still open then."""
        attempts = self.store.hincrby(job, "attempts", 1)
        with self.store.pipeline() as pipe:
            try:
                result = self.handle(self.store.hget(job, "payload") or "")
            except Exception as error:
                again = attempts < ATTEMPTS
                pipe.hset(job, mapping={"state": "waiting" if again else "failed", "error": str(error)})
                pipe.lpush("waiting" if again else "failed", job)
            else:
                again = False
                pipe.hset(job, mapping={"state": "done", "result": result})
            pipe.lrem("running", 1, job)
            pipe.incrby("open", 0 if again else -1)
            left: int = pipe.execute()[-1]
        return left


unlucky = {91}
"""Numbers whose first attempt fails, as a network does at times."""


def factors(number: str) -> str:
    """The prime factors of a number."""
    rest, found, divisor = int(number), [], 2
    if rest in unlucky:
        unlucky.remove(rest)
        raise ConnectionError("the line is busy")
    while divisor * divisor <= rest:
        while rest % divisor == 0:
            found.append(divisor)
            rest //= divisor
        divisor += 1
    return " x ".join(map(str, [*found, rest] if rest > 1 else found))


def main(path: str | None = None) -> None:
    with Store(path, decode_responses=True) as store:
        queue = JobQueue(store, factors)
        with store.atomic():  # all six or, for the next run to see, none
            if not store.exists("jobs"):
                for text in ("360", "91", "1000003", "ninety", "65536", "123456789"):
                    queue.put(text)
        queue.run(workers=3)

        for number in range(1, int(store["jobs"]) + 1):
            facts = store.hgetall(f"job:{number}")
            told = facts["result"] if facts["state"] == "done" else facts["error"]
            print(f"{facts['payload']:>9}  {facts['state']:<6} at attempt {facts['attempts']}: {told}")
        left = (f"{name} {store.llen(name)}" for name in ("waiting", "running", "failed"))
        print(", ".join(left))


if __name__ == "__main__":
    main(*sys.argv[1:2])
