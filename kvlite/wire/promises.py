"""What a request may do, where a script or a function says more of it than its row does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import RedisError
from .table import Row

if TYPE_CHECKING:
    from .lua.running import Program
    from .session import Session


def may_write(session: Session, row: Row, args: list[bytes]) -> bool:
    """Whether a request may change something, or tell others something."""
    flags = _promised(session, row, args)
    if flags is not None:
        return "no-writes" not in flags
    return not row.flags.isdisjoint(("write", "may_replicate"))


def may_grow(session: Session, row: Row, args: list[bytes]) -> bool:
    """Whether a request may need more memory."""
    flags = _promised(session, row, args)
    if flags is not None:
        return flags.isdisjoint(("allow-oom", "no-writes"))
    return "denyoom" in row.flags


def _promised(session: Session, row: Row, args: list[bytes]) -> frozenset[str] | None:
    """What the script or function that is asked for says of itself; None if it says nothing, or is none."""
    instance = session.instance
    finders: dict[str, Callable[[bytes], Program]] = {
        "eval": instance.scripts.evaluated,
        "evalsha": instance.scripts.find,
        "fcall": instance.functions.find,
    }
    find = finders.get(row.name.removesuffix("_ro"))
    if find is None:
        return None
    try:
        with session.store._shared.lock:
            return find(args[1]).flags
    except RedisError:
        return None
