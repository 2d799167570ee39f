"""CLUSTER and what belongs to it, as a Redis answers that is not part of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ResponseError
from .replies import Reply
from .table import command, container

if TYPE_CHECKING:
    from .session import Session

_ARITIES = {
    "stale": """
        info 2  keyslot 3  links 2  myid 2  nodes 2  shards 2  slots 2  countkeysinslot 3  getkeysinslot 4
    """,
    "loading stale": "help 2",
    "admin stale": "count-failure-reports 3  replicas 3  slaves 3",
    "admin noscript stale": "reset -2",
    "admin stale no_async_loading": """
        addslots -3  addslotsrange -4  bumpepoch 2  delslots -3  delslotsrange -4  failover -2  flushslots 2
        forget 3  meet -4  replicate 3  saveconfig 2  set-config-epoch 3  setslot -4
    """,
}
"""How many arguments each subcommand has, by its flags."""


def disabled(session: Session, args: list[bytes]) -> Reply:
    raise ResponseError("This instance has cluster support disabled")


def _fill_table() -> None:
    container("cluster", -2, "cluster")
    for flags, arities in _ARITIES.items():
        words = arities.split()
        for name, arity in zip(words[::2], words[1::2], strict=True):
            command(f"cluster|{name}", int(arity), flags, "cluster")(disabled)
    command("readonly", 1, "loading stale fast", "cluster")(disabled)
    command("readwrite", 1, "loading stale fast", "cluster")(disabled)
    command("asking", 1, "fast", "cluster")(disabled)


_fill_table()
