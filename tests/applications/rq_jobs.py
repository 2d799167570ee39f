"""RQ: jobs that succeed, fail, wait for each other, are scheduled; the worker is a process of its own.

RQ 1.10 is the last that keeps results in hashes. Later ones have them in streams, which kvlite lacks.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

from redis import Redis
from rq import Queue


def main(url: str) -> None:
    connection = Redis.from_url(url)
    queue = Queue("work", connection=connection)
    good = queue.enqueue("operator.add", 2, 3)
    bad = queue.enqueue("builtins.int", "no number")
    after = queue.enqueue("operator.add", 4, 5, depends_on=good)
    later = queue.enqueue_in(timedelta(hours=1), "operator.add", 1, 1)
    worker = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", url]
    subprocess.run([*worker, "--worker-class", "rq.SimpleWorker", "work"], check=True, timeout=60)
    assert good.result == 5
    assert after.result == 9
    assert bad.get_status(refresh=True) == "failed"
    assert later.get_status() == "scheduled"
    assert later.id in queue.scheduled_job_registry
    assert bad.id in queue.failed_job_registry
    assert queue.is_empty()


if __name__ == "__main__":
    main(sys.argv[1])
