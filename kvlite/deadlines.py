"""Times as callers give them, turned into deadlines: milliseconds since the epoch."""

from __future__ import annotations

from datetime import datetime, timedelta

from .encoding import AbsoluteExpiry, Encodable, Expiry, integer
from .errors import TIMEOUT_NEGATIVE, TIMEOUT_NOT_A_FLOAT, DataError, ResponseError, invalid_expire
from .numbers import INT64_MAX, parse_timeout


def seconds(time: Expiry | Encodable) -> Encodable:
    return int(time.total_seconds()) if isinstance(time, timedelta) else time


def milliseconds(time: Expiry | Encodable) -> Encodable:
    return int(time.total_seconds() * 1000) if isinstance(time, timedelta) else time


def unix_seconds(when: AbsoluteExpiry | Encodable) -> Encodable:
    return int(when.timestamp()) if isinstance(when, datetime) else when


def unix_milliseconds(when: AbsoluteExpiry | Encodable) -> Encodable:
    return int(when.timestamp() * 1000) if isinstance(when, datetime) else when


def waiting_time(timeout: bytes) -> float:
    """The seconds a blocking command waits at most, in whole milliseconds; 0 is for ever."""
    if timeout.isdigit() and len(timeout) < 10:
        return int(timeout)
    milliseconds = parse_timeout(timeout)
    if milliseconds is None:
        raise ResponseError(TIMEOUT_NOT_A_FLOAT)
    if milliseconds < 0:
        raise ResponseError(TIMEOUT_NEGATIVE)
    return milliseconds / 1000


class Lifetime:
    """One of EX, PX, EXAT and PXAT as SET, GETEX, HGETEX and HSETEX take them.

    Read before anything is touched; made into a deadline by `deadline`, once the present is known.
    """

    __slots__ = ("absolute", "amount", "unit")

    def __init__(self, amount: Encodable, unit: int, absolute: bool) -> None:
        """`unit` is how many milliseconds one of `amount` is."""
        self.amount = amount
        self.unit = unit
        self.absolute = absolute

    def deadline(self, now: int, command: str) -> int:
        """The deadline; a ResponseError for what is no integer, not positive or beyond 64 bits."""
        amount = integer(self.amount)
        start = 0 if self.absolute else now
        if amount <= 0 or amount > INT64_MAX // self.unit or amount * self.unit > INT64_MAX - start:
            raise invalid_expire(command)
        return start + amount * self.unit


def refuse_several(
    ex: Expiry | None,
    px: Expiry | None,
    exat: AbsoluteExpiry | None,
    pxat: AbsoluteExpiry | None,
    **other: bool,
) -> None:
    """DataError if more than one of them is given; the other one is `keepttl` or `persist`."""
    ((name, given),) = other.items()
    if sum((ex is not None, px is not None, exat is not None, pxat is not None, bool(given))) > 1:
        raise DataError(f"``ex``, ``px``, ``exat``, ``pxat``, and ``{name}`` are mutually exclusive.")


def lifetime(
    ex: Expiry | None, px: Expiry | None, exat: AbsoluteExpiry | None, pxat: AbsoluteExpiry | None
) -> Lifetime | None:
    """The one that is given, checked as redis-py checks it."""
    if ex is not None:
        if not (isinstance(ex, (int, timedelta)) or (isinstance(ex, str) and ex.isdigit())):
            raise DataError("ex must be datetime.timedelta or int")
        return Lifetime(seconds(ex), 1000, absolute=False)
    if px is not None:
        if not isinstance(px, (int, timedelta)):
            raise DataError("px must be datetime.timedelta or int")
        return Lifetime(milliseconds(px), 1, absolute=False)
    if exat is not None:
        return Lifetime(unix_seconds(exat), 1000, absolute=True)
    if pxat is not None:
        return Lifetime(unix_milliseconds(pxat), 1, absolute=True)
    return None
