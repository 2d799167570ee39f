"""Glob patterns, as KEYS, SCAN and PSUBSCRIBE take them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_SPECIAL = re.compile(rb"[*?\[\\]").search
_SIGN = re.compile(r"[*?\[\]\\^]")
_STARS = b"*"
_ANY = b"."


@lru_cache(256)
def compile_glob(pattern: bytes) -> Callable[[bytes], bool]:
    r"""Whether a text matches `pattern`, to the end, by Redis's rules. O(pattern * text) at worst.

    `*` is any number of bytes and `?` one; `[...]` is one of several and `[^...]` one of all others, with
    ranges such as `a-z`; a backslash takes the meaning from what follows. As in Redis, a range may be
    upside down and counts bytes from 128 on as negative, a class that is not closed ends with the pattern,
    and a row of several stars does not match the empty text. `*` alone does, as in KEYS and all SCANs;
    PSUBSCRIBE is the one place where it does not.

    >>> matches = compile_glob(b"user:[0-9]*")
    >>> matches(b"user:17"), matches(b"user:x")
    (True, False)
    """
    if pattern == b"*":
        return lambda text: True
    if not _SPECIAL(pattern):
        return lambda text: text == pattern
    if not _SPECIAL(pattern, 0, len(pattern) - 1) and pattern.endswith(b"*"):
        prefix = pattern[:-1]
        return lambda text: text.startswith(prefix)
    tokens = _tokens(pattern)
    if tokens == [_STARS]:
        return bool
    fullmatch = re.compile(_expression(tokens), re.DOTALL).fullmatch
    return lambda text: fullmatch(text) is not None


def literal_glob(text: str) -> str:
    """The pattern that matches `text` and nothing else."""
    return _SIGN.sub(r"\\\g<0>", text)


def _expression(tokens: list[bytes]) -> bytes:
    """The regular expression for `tokens`.

    What stands between two stars is taken where it comes first, and never looked for again: a later place
    cannot help what follows. Atomic groups say so, and keep the search from growing with every star.
    """
    parts: list[list[bytes]] = [[]]
    for token in tokens:
        if token is _STARS:
            parts.append([])
        else:
            parts[-1].append(token)
    first, *middle = (b"".join(part) for part in parts)
    if not middle:
        return first
    last = middle.pop()
    return first + b"".join(b"(?>.*?%b)" % part for part in middle) + b".*" + last


def _tokens(pattern: bytes) -> list[bytes]:
    """The pattern in pieces: `_STARS` for a row of stars, else the expression for one byte."""
    tokens: list[bytes] = []
    at, end = 0, len(pattern)
    while at < end:
        byte = pattern[at : at + 1]
        at += 1
        if byte == b"*":
            if not tokens or tokens[-1] is not _STARS:
                tokens.append(_STARS)
        elif byte == b"?":
            tokens.append(_ANY)
        elif byte == b"[":
            token, at = _read_class(pattern, at)
            tokens.append(token)
        else:
            if byte == b"\\" and at < end:
                byte = pattern[at : at + 1]
                at += 1
            tokens.append(re.escape(byte))
    return tokens


def _read_class(pattern: bytes, at: int) -> tuple[bytes, int]:
    """The expression for the class whose content begins at `at`, and where the pattern goes on."""
    end = len(pattern)
    negated = pattern[at : at + 1] == b"^"
    at += negated
    members: set[int] = set()
    while at < end and pattern[at] != 0x5D:
        if pattern[at] == 0x5C and at + 1 < end:
            members.add(pattern[at + 1])
            at += 2
        elif at + 2 < end and pattern[at + 1] == 0x2D:
            bounds = sorted(_signed(pattern[place]) for place in (at, at + 2))
            members.update(byte % 256 for byte in range(bounds[0], bounds[1] + 1))
            at += 3
        else:
            members.add(pattern[at])
            at += 1
    if negated:
        members = set(range(256)) - members
    return _one_of(members), min(at + 1, end)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _one_of(members: set[int]) -> bytes:
    if not members:
        return b"(?!)"
    if len(members) == 256:
        return _ANY
    return b"[%b]" % b"".join(b"\\x%02x" % byte for byte in sorted(members))
