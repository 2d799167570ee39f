"""SORT and SORT_RO."""

from __future__ import annotations

from ..types.sort import Sorting
from .args import Words, syntax_error
from .replies import Reply
from .session import Session
from .table import Keys, command

SOURCE = Keys("RO access")
PATTERNS = Keys("RO access", index=0)
DESTINATION = Keys("OW update", index=0)


@command("sort", -2, "write denyoom movablekeys", "generic", SOURCE, PATTERNS, DESTINATION)
@command("sort_ro", -2, "readonly movablekeys", "generic", SOURCE, PATTERNS)
def sort(session: Session, args: list[bytes]) -> Reply:
    may_store = args[0].upper() == b"SORT"
    by, start, number, store, desc, alpha = None, 0, -1, None, False, False
    get: list[bytes] = []
    words = Words(args, 2)
    while (word := words.next()) is not None:
        if word in (b"ASC", b"DESC"):
            desc = word == b"DESC"
        elif word == b"ALPHA":
            alpha = True
        elif word == b"LIMIT" and words.left() >= 2:
            start, number = words.integer(), words.integer()
        elif word == b"STORE" and may_store:
            store = words.value()
        elif word == b"BY":
            pattern = words.value()
            by = pattern if by is None or b"*" in by else by
        elif word == b"GET":
            get.append(words.value())
        else:
            raise syntax_error()
    options = Sorting(by, start, number, tuple(get), desc, alpha)
    if store is not None:
        return session.store._sort_store(args[1], store, options)
    return session.store._sort(args[1], options)
