"""How long something is kept, as callers say it."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import Final, Literal, TypeAlias

Duration: TypeAlias = int | float | timedelta | str
"""Seconds, a timedelta, or a text such as "90s", "10m", "1h30m", "7d" or "250ms"."""


class Default(Enum):
    """What stands for an argument that was not given, where None means something."""

    DEFAULT = "default"

    def __repr__(self) -> str:
        return self.name


DEFAULT: Final = Default.DEFAULT
MaybeDuration: TypeAlias = Duration | Literal[Default.DEFAULT] | None

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*")


def milliseconds(duration: Duration) -> int:
    """`duration` in whole milliseconds, at least one.

    ValueError if it is not positive or not to be read, TypeError if it is none of the kinds.

    >>> milliseconds(1.5), milliseconds("1h30m"), milliseconds(timedelta(minutes=1))
    (1500, 5400000, 60000)
    """
    if isinstance(duration, str):
        amount = _read(duration)
    elif isinstance(duration, timedelta):
        amount = duration.total_seconds() * 1000
    elif isinstance(duration, (int, float)) and not isinstance(duration, bool):
        amount = duration * 1000
    else:
        raise TypeError(f'a duration is seconds, a timedelta or a text such as "10m", not {duration!r}')
    if not amount > 0:
        raise ValueError(f"a duration is positive, and {duration!r} is not")
    if amount >= 1 << 62:
        raise ValueError(f"a duration of {duration!r} is too long: None is for ever")
    return max(1, round(amount))


def maybe_milliseconds(duration: Duration | None) -> int | None:
    return None if duration is None else milliseconds(duration)


def _read(text: str) -> float:
    amount, place = 0.0, 0
    while part := _PART.match(text, place):
        amount += float(part[1]) * _UNITS[part[2]]
        place = part.end()
    if place == 0 or place != len(text):
        raise ValueError(
            f'{text!r} is no duration; it is written like "250ms", "90s", "10m", "1h30m" or "7d"'
        )
    return amount
