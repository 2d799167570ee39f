"""The commands of HyperLogLogs over the wire: the bytes of the answers are Redis's."""

from __future__ import annotations

import pytest
from raw import RawPair

GRAMMAR = """
    6 PFADD key member+
    PFADD key
    3 PFCOUNT key
    2 PFCOUNT key+
    2 PFMERGE key key+
    PFMERGE key
    PFDEBUG (ENCODING|DECODE|TODENSE|NONE) key
    SET key value
    OBJECT ENCODING key
    APPEND key value
    DEL key
"""

REQUESTS = """
    PFADD h
    PFADD h
    PFADD h a b c
    PFADD h a b c
    GET h
    PFCOUNT h
    GET h
    PFDEBUG DECODE h
    PFDEBUG encoding h
    PFDEBUG ENCODING none
    PFDEBUG NONSENSE none
    PFDEBUG NONSENSE h
    PFDEBUG ENCODING h x
    PFDEBUG ENCODING
    PFMERGE g h
    PFDEBUG TODENSE g
    PFDEBUG TODENSE g
    PFDEBUG DECODE g
    PFDEBUG ENCODING g
    PFDEBUG GETREG h
    GET h
    EXPIRE h 100
    PFADD h d
    PFMERGE copy h
    PFADD e a
    PFCOUNT e
    PFDEBUG TODENSE e
    GET e
    PFDEBUG ENCODING h
    PFMERGE h
    PFMERGE new h none g
    PFCOUNT none
    PFCOUNT none h g
    TYPE h
    OBJECT ENCODING h
    PFSELFTEST
    PFSELFTEST x
    SET s text
    PFADD s a
    PFCOUNT s
    PFCOUNT h s
    PFMERGE h s
    PFMERGE s h
    PFDEBUG ENCODING s
    SET n 10
    PFADD n a
    PFCOUNT n
    RPUSH l a
    PFADD l a
    PFCOUNT l
    PFCOUNT h l
    PFMERGE h l
    PFMERGE l h
    PFDEBUG ENCODING l
    PFDEBUG NONSENSE l
    COMMAND GETKEYSANDFLAGS PFCOUNT a b
    COMMAND GETKEYSANDFLAGS PFMERGE a b c
    COMMAND GETKEYSANDFLAGS PFDEBUG GETREG a
    PFADD
    PFCOUNT
    PFMERGE
"""


def test_hyperloglogs(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)


CORRUPT = {
    "nothing": b"",
    "too few": b"\x3f",
    "too many": b"\x7f\xff\x3f",
    "too many values": b"\x7f\xfd\x83",
    "half an operation behind the end": b"\x7f\xff\x61",
}
"""The operations of sparse ones that are not about 16384 registers."""


@pytest.mark.parametrize("operations", CORRUPT.values(), ids=CORRUPT)
@pytest.mark.parametrize("known", [b"\0", b"\x80"])
def test_corrupt_ones(raw: RawPair, operations: bytes, known: bytes) -> None:
    sketch = b"HYLL\x01" + bytes(10) + known + operations
    for words in (
        ["PFCOUNT", "h"],
        ["PFCOUNT", "h", "none"],
        ["PFMERGE", "g", "h"],
        ["PFMERGE", "h", "none"],
        ["PFDEBUG", "GETREG", "h"],
        ["PFDEBUG", "TODENSE", "h"],
        ["PFDEBUG", "DECODE", "h"],
        ["PFDEBUG", "ENCODING", "h"],
    ):
        raw.ask("SET", "h", sketch)
        raw.ask(*words)
        raw.ask("GET", "h")
        raw.ask("GET", "g")
    if b"\x61" not in operations:
        raw.ask("PFADD", "h", "a")
        raw.ask("GET", "h")
