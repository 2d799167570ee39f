"""Showing it once, or again and again."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

from ..errors import RedisError
from .screen import Rates, databases, lines
from .sources import Source, open_source
from .survey import Survey

VISITED_AT_ONCE = 5_000
"""How many keys are visited between two pictures."""

OTHER_SCREEN, OWN_SCREEN = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"
HOME, TO_END_OF_LINE, TO_END_OF_SCREEN = "\033[H", "\033[K", "\033[J"


def run_top(where: str, interval: float, once: bool, places: int) -> int:
    """Show what the store at a URL or path does, every `interval` seconds until Ctrl-C; once, into a pipe."""
    source = open_source(where)
    survey = Survey(source, places)
    try:
        if once or not sys.stdout.isatty():
            info = _look(source)
            survey.advance(databases(info), None)
            print("\n".join(lines(source.name, source.serves, info, Rates(), survey.best)))
        else:
            _watch(source, survey, interval)
    finally:
        source.close()
    return 0


def _look(source: Source) -> dict[str, Any]:
    """INFO; a RedisError in one line if nobody answers."""
    try:
        return source.info()
    except RedisError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "redis":
            raise
        raise RedisError(f"{source.name}: {error}") from None


def _watch(source: Source, survey: Survey, interval: float) -> None:
    rates = Rates()
    sys.stdout.write(OTHER_SCREEN)
    try:
        while True:
            info = _look(source)
            if source.serves:
                info["keyspace_hits"] -= survey.visits
            rates.look(info, time.monotonic())
            survey.advance(databases(info), VISITED_AT_ONCE)
            _draw(list(lines(source.name, source.serves, info, rates, survey.best)))
            time.sleep(interval)
    finally:
        sys.stdout.write(OWN_SCREEN)


def _draw(picture: list[str]) -> None:
    """In place of the picture before, as much as there is room for."""
    width, height = shutil.get_terminal_size()
    fitting = [line[:width] for line in picture[: height - 1]]
    sys.stdout.write(HOME + "".join(f"{line}{TO_END_OF_LINE}\r\n" for line in fitting) + TO_END_OF_SCREEN)
    sys.stdout.flush()
