"""A server that is a process, for tests: started as people start it, and what it says is read."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raw import Socket

COMMAND = [sys.executable, "-m", "kvlite", "serve"]
SOON = 20


def environment(**variables: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KVLITE_")} | variables


class Served:
    """A server that is a process, and what it says."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.address = str(folder / "socket")
        where = ["--port", "0", "--unixsocket", self.address]
        self.process = subprocess.Popen(
            [*COMMAND, *arguments, *([] if "--port" in arguments else where)],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment(**variables),
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        deadline = time.monotonic() + SOON
        while not self.says("ready"):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.005)

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(iter(self.process.stderr.readline, ""))

    def says(self, text: str) -> bool:
        return any(text in line for line in self.said)

    def ask(self, *words: Any) -> bytes:
        with Socket(self.address) as client:
            return client.ask(*words)

    def end(self, how: int = signal.SIGTERM) -> int:
        """The exit code."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(SOON)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, **variables: str) -> Iterator[Served]:
    served = Served(folder, *arguments, **variables)
    try:
        yield served
    finally:
        if served.process.returncode is None:
            served.end(signal.SIGKILL)
