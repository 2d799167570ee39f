"""SORT and SORT_RO."""

from __future__ import annotations

from ..errors import ResponseError
from ..types.sort import Sorting
from .args import Words, syntax_error
from .replies import Reply
from .session import Session
from .table import Keys, command, find

SOURCE = Keys("RO access")
PATTERNS = Keys("RO access", index=0)
DESTINATION = Keys("OW update", index=0)


ARGUMENTS_OF = {b"LIMIT": 2, b"GET": 1, b"BY": 1}


def keys_of_sort(args: list[bytes]) -> list[tuple[int, str]]:
    """Besides the source the last destination, which is what SORT goes by."""
    found = [(1, SOURCE.flags)]
    at = 2
    while at < len(args):
        word = args[at].upper()
        if word == b"STORE" and at + 1 < len(args):
            found[1:] = [(at + 1, DESTINATION.flags)]
        at += 1 + ARGUMENTS_OF.get(word, 0)
    return found


def keys_of_sort_ro(args: list[bytes]) -> list[tuple[int, str]]:
    return [(1, SOURCE.flags)]


def check_pattern(session: Session, args: list[bytes], option: str) -> None:
    """ResponseError if the user may not read whatever key a pattern leads to."""
    if session.restricted and not session.user.may_read_every_key(find(args), args):
        raise ResponseError(f"{option} option of SORT denied due to insufficient ACL permissions.")


@command(
    *("sort", -2, "write movablekeys", "generic"),
    *(SOURCE, PATTERNS, DESTINATION),
    find_keys=keys_of_sort,
)
@command(*("sort_ro", -2, "readonly movablekeys", "generic"), *(SOURCE, PATTERNS), find_keys=keys_of_sort_ro)
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
            if b"*" in pattern:
                check_pattern(session, args, "BY")
            by = pattern if by is None or b"*" in by else by
        elif word == b"GET":
            get.append(words.value())
            check_pattern(session, args, "GET")
        else:
            raise syntax_error()
    options = Sorting(by, start, number, tuple(get), desc, alpha)
    if store is not None:
        return session.store._sort_store(args[1], store, options)
    return session.store._sort(args[1], options)
