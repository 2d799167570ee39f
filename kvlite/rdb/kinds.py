"""The numbers that say what an object or a string is."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """What follows: a type and, where it is written in more than one way, the way."""

    STRING = 0
    LIST = 1
    SET = 2
    ZSET = 3
    HASH = 4
    ZSET_2 = 5
    HASH_ZIPMAP = 9
    LIST_ZIPLIST = 10
    SET_INTSET = 11
    ZSET_ZIPLIST = 12
    HASH_ZIPLIST = 13
    LIST_QUICKLIST = 14
    STREAM_LISTPACKS = 15
    HASH_LISTPACK = 16
    ZSET_LISTPACK = 17
    LIST_QUICKLIST_2 = 18
    STREAM_LISTPACKS_2 = 19


FUNCTION = 245
"""What follows is no object but the code of a library."""
EARLY_FUNCTION = 246
"""The same from a release candidate of Redis 7.0, whose libraries did not say in their code what they are."""
INT8, INT16, INT32, LZF = 0xC0, 0xC1, 0xC2, 0xC3
"""The heads of strings that are not written as a length and their bytes."""
LENGTH_32, LENGTH_64 = 0x80, 0x81
"""The heads of lengths beyond 14 bits."""
PLAIN, PACKED = 1, 2
"""What a node of a list is: one element, or a listpack."""
SPECIAL_SCORES = {255: float("-inf"), 254: float("inf"), 253: float("nan")}
"""What stands for a score in place of the length of its text, in a ZSET."""
