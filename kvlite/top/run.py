"""Showing it once, or again and again."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import RedisError
from .screen import Rates, databases, lines
from .sources import Source, open_source
from .survey import Survey

VISITED_AT_ONCE = 5_000
"""How many keys are visited between two pictures."""

OTHER_SCREEN, OWN_SCREEN = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"
HOME, TO_END_OF_LINE, TO_END_OF_SCREEN = "\033[H", "\033[K", "\033[J"


def run_top(where: str, interval: float, once: bool, places: int) -> int:
    """Show what the store at a URL or path does, every `interval` seconds until Ctrl-C; once, into a pipe.

    RedisError if it cannot be reached. Who has been shown something already is told so there, and it is tried
    again.
    """
    source = open_source(where)
    survey = Survey(source, places)
    try:
        if once or not sys.stdout.isatty():
            print("\n".join(_picture(source, survey, Rates(), None)))
        else:
            _watch(source, survey, interval)
    finally:
        source.close()
    return 0


def _watch(source: Source, survey: Survey, interval: float) -> None:
    rates = Rates()
    picture: list[str] = []
    with _on_other_screen():
        while True:
            try:
                picture = _picture(source, survey, rates, VISITED_AT_ONCE)
            except RedisError as error:
                if not picture:
                    raise
                picture[0] = f"not reached, this is how it was: {error}"
            _draw(picture)
            time.sleep(interval)


@contextmanager
def _on_other_screen() -> Iterator[None]:
    """The terminal is as it was afterwards, also when the process is told to end."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = [(number, signal.signal(number, end)) for number in (signal.SIGTERM, signal.SIGHUP)]
    sys.stdout.write(OTHER_SCREEN)
    try:
        yield
    finally:
        sys.stdout.write(OWN_SCREEN)
        for number, handler in before:
            signal.signal(number, handler)


def _picture(source: Source, survey: Survey, rates: Rates, visits: int | None) -> list[str]:
    """The figures as they are now, after a visit to so many keys, or to all."""
    with _one_line_if_gone(source):
        info = source.info()
        if source.serves:
            info["keyspace_hits"] -= survey.visits_of(info["run_id"])
        rates.look(info, time.monotonic())
        survey.advance(databases(info), visits)
    return list(lines(source.name, source.serves, info, rates, survey.best))


@contextmanager
def _one_line_if_gone(source: Source) -> Iterator[None]:
    """What redis-py raises when nobody answers becomes a RedisError that names the source."""
    try:
        yield
    except RedisError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "redis":
            raise
        raise RedisError(f"{source.name}: {error}") from None


def _draw(picture: list[str]) -> None:
    """In place of the picture before, as much as there is room for."""
    width, height = shutil.get_terminal_size()
    fitting = [line[:width] for line in picture[: height - 1]]
    sys.stdout.write(HOME + "".join(f"{line}{TO_END_OF_LINE}\r\n" for line in fitting) + TO_END_OF_SCREEN)
    sys.stdout.flush()
