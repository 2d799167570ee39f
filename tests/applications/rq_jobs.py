"""RQ: jobs that succeed, fail, are tried again, wait for each other, are scheduled; results in streams.

The worker is a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

from redis import Redis
from rq import Queue, Retry


def main(url: str) -> None:
    connection = Redis.from_url(url)
    queue = Queue("work", connection=connection)
    good = queue.enqueue("operator.add", 2, 3)
    bad = queue.enqueue("builtins.int", "no number", retry=Retry(max=2))
    after = queue.enqueue("operator.add", 4, 5, depends_on=good)
    later = queue.enqueue_in(timedelta(hours=1), "operator.add", 1, 1)
    worker = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", url]
    subprocess.run([*worker, "--worker-class", "rq.SimpleWorker", "work"], check=True, timeout=60)
    assert good.return_value() == 5
    assert after.return_value() == 9
    assert connection.xlen(f"rq:results:{good.id}") == 1
    assert bad.get_status(refresh=True) == "failed"
    assert [result.type.name for result in bad.results()] == ["FAILED"]
    assert "no number" in bad.latest_result().exc_string
    assert later.get_status() == "scheduled"
    assert later.id in queue.scheduled_job_registry
    assert bad.id in queue.failed_job_registry
    assert queue.is_empty()


if __name__ == "__main__":
    main(sys.argv[1])
