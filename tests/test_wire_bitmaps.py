"""The commands of bitmaps and bitfields over the wire: the bytes of the answers are Redis's."""

from __future__ import annotations

import pytest
from raw import RawPair

GRAMMAR = """
    3 SET key value
    4 SETBIT key place bit
    2 GETBIT key place
    BITCOUNT key
    2 BITCOUNT key integer integer
    BITCOUNT key integer integer (BYTE|BIT)
    BITPOS key bit
    BITPOS key bit integer
    BITPOS key bit integer integer
    2 BITPOS key bit integer integer (BYTE|BIT)
    3 BITOP (AND|OR|XOR) key key+
    BITOP NOT key key
    5 BITFIELD key [GET form field] [SET form field amount] [INCRBY form field amount] [OVERFLOW limit]
    3 BITFIELD key [OVERFLOW limit] INCRBY form field amount [GET form field] [SET form field amount]
    BITFIELD_RO key [GET form field] [GET form field] [SET form field amount] [OVERFLOW SAT]
    OBJECT ENCODING key
    RPUSH key value
    DEL key
"""

REQUESTS = r"""
    SETBIT b 7 1
    SETBIT b 7 0
    SETBIT b 100 0
    SETBIT b 4294967296 1
    SETBIT b x 2
    SETBIT b 1 2
    SETBIT b 1 01
    SETBIT b 1 ''
    GETBIT b 7
    GETBIT b 4294967295
    GETBIT b -1
    SET s foobar
    BITCOUNT s
    BITCOUNT s 1
    BITCOUNT s 1 1
    BITCOUNT s 5 30 BIT
    BITCOUNT s 5 30 BYTES
    BITCOUNT s 5 30 BIT BIT
    BITCOUNT s x 1
    BITCOUNT s 1 x BITS
    BITCOUNT missing x
    BITPOS missing 1 x y z
    BITPOS missing 2
    BITPOS s 1
    BITPOS s 0 2
    BITPOS s 1 10 20
    BITPOS s 1 10 20 BIT
    BITPOS s 1 10 20 BIT BIT
    BITPOS s 1 10 x BITS
    BITPOS s 1 -5 -10
    BITCOUNT s -5 -10
    BITCOUNT s -50 -10
    BITPOS s 1 -50 -10
    SET ff '\xff\xff'
    BITOP NOT ones missing
    BITOP NOT zero b
    BITPOS zero 0
    BITPOS zero 0 0 -1
    BITOP and d s b
    BITOP AND d
    BITOP NOT d s b
    BITOP NOT s s
    BITOP NAND d s
    BITOP OR d missing missing
    BITFIELD f
    BITFIELD f GET u8
    BITFIELD f GET u8 0
    EXISTS f
    BITFIELD f OVERFLOW FAIL INCRBY u2 100 4
    EXISTS f
    BITFIELD f set u8 #1 200 incrby i5 100 1 get u4 0
    BITFIELD f OVERFLOW
    BITFIELD f OVERFLOW NONE
    BITFIELD f OVERFLOW SAT INCRBY u8 #1 100 OVERFLOW FAIL INCRBY u8 #1 1 INCRBY u8 0 1
    BITFIELD s8 OVERFLOW SAT SET i8 0 -9223372036854775680 SET i8 0 -9223372036854775681 GET i8 0
    BITFIELD s1 OVERFLOW SAT SET i1 0 -9223372036854775808 INCRBY i1 0 -9223372036854775808 GET i1 0
    BITFIELD s64 OVERFLOW SAT SET i64 0 -1 GET i64 0 SET i64 0 -9223372036854775808 GET i64 0
    BITFIELD f GET u64 0
    BITFIELD f GET i64 4294967295
    BITFIELD f GET i64 4294967296
    BITFIELD f SET u8 0 1 SET u8 8 x
    BITFIELD f SET u8 0 1 GET u8 8 NONSENSE
    GET f
    BITFIELD_RO f GET u8 #1 GET i5 0
    BITFIELD_RO f SET u8 #1 1
    BITFIELD_RO f OVERFLOW SAT
    BITFIELD_RO missing GET u8 #1
    RPUSH l a
    BITFIELD_RO l SET u8 0 1
    BITFIELD l SET u8 0 1
    BITFIELD l SET u8 0 x
    BITFIELD l GET u8 0
    SETBIT l 0 1
    SETBIT l x 1
    GETBIT l 0
    BITCOUNT l x
    BITPOS l 1 x
    BITOP AND d s l
    BITOP AND l s
    COMMAND GETKEYSANDFLAGS BITFIELD f GET u8 0
    COMMAND GETKEYSANDFLAGS BITFIELD f GET u8 0 SET u8 0 1
    COMMAND GETKEYSANDFLAGS BITFIELD f OVERFLOW SAT GET u8 0
    COMMAND GETKEYSANDFLAGS BITFIELD f GET u8
    COMMAND GETKEYSANDFLAGS BITFIELD f
    COMMAND GETKEYSANDFLAGS BITFIELD f NONSENSE
    COMMAND GETKEYSANDFLAGS BITOP AND d s l
"""


def test_bitmaps(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)


def test_the_largest_string(raw: RawPair) -> None:
    """A bitmap ends where strings do."""
    raw.ask("CONFIG", "SET", "proto-max-bulk-len", "1mb")
    for offset in (8388607, 8388608):
        raw.ask("SETBIT", "b", offset, 1)
        raw.ask("GETBIT", "b", offset)
        raw.ask("BITFIELD", "f", "SET", "i64", offset, 1)
        raw.ask("STRLEN", "f")
    raw.ask("STRLEN", "b")


@pytest.mark.parametrize(
    "name", ["SETBIT", "GETBIT", "BITCOUNT", "BITPOS", "BITOP", "BITFIELD", "BITFIELD_RO"]
)
def test_arity(raw: RawPair, name: str) -> None:
    raw.ask(name)
    raw.ask(name, "a")
    raw.ask(name, *"abcdefg")
