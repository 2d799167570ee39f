"""What is to be done under the store's lock, and is asked for by who must not wait for it.

A script may hold the lock for long, and the thread that would wait may be that of a server's loop.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

Errand = Callable[[], object]

PATIENCE = 0.001
"""Seconds in which everybody but a script lets go of the lock, mostly."""


class Errands:
    """Who does them: whoever asks, if nobody has the lock, else a thread that ends when all is done."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._left: deque[Errand] = deque()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, errand: Errand) -> None:
        """Call `errand` now if the lock is free, else soon, in another thread. It takes the lock itself."""
        if not self._left and self._lock.acquire(timeout=PATIENCE):
            try:
                errand()
            finally:
                self._lock.release()
            return
        self._left.append(errand)
        with self._changing:
            if self._thread is None or not self._thread.is_alive():  # the latter in a process that was forked
                self._thread = threading.Thread(target=self._work, name="kvlite-errands", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changing:
                if not self._left:
                    self._thread = None
                    return
            try:
                self._left[0]()
            except Exception:
                logging.getLogger("kvlite").exception("an error after a connection ended")
            self._left.popleft()
