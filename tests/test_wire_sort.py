"""SORT over the wire."""

from __future__ import annotations

GRAMMAR = """
    4 RPUSH key number+
    2 RPUSH key member+
    3 SADD key number+
    2 ZADD key (number member)+
    3 SET weighed number
    2 HSET described f number
    3 SORT key [LIMIT integer integer] [GET weights] [DESC|ASC] [ALPHA] [BY weights] [GET weights]
    2 SORT key [LIMIT integer integer] [GET weights] [DESC|ASC] ALPHA [BY weights] [STORE key]
    2 SORT key [STORE key] [LIMIT integer integer] [GET weights] [DESC|ASC] [ALPHA] [BY weights]
    SORT_RO key [LIMIT integer integer] [GET weights] [DESC|ASC] [ALPHA] [BY weights]
    SET key value
    DEL key
    PEXPIRE key milliseconds
"""
