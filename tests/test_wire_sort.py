"""SORT over the wire."""

from __future__ import annotations

from raw import RawPair

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

REQUESTS = """
    SET str text
    RPUSH l 3 1 2 10
    MSET w_1 c w_2 b w_3 a w_10 d n_1 30 n_2 20 n_3 10
    SORT l
    SORT l desc
    SORT l DESC ASC ALPHA
    SORT l LIMIT 1 2
    SORT l LIMIT 1 2 limit 0 1
    SORT l LIMIT 1
    SORT l LIMIT x 1
    SORT l LIMIT 0 x
    SORT l BY w_*
    SORT l BY w_* ALPHA GET # GET w_* GET none_*
    SORT l BY n_*
    SORT l BY nosort
    SORT l BY nosort BY w_* ALPHA
    SORT l BY w_* BY nosort DESC
    SORT l BY
    SORT l GET
    SORT l NONSENSE
    SORT l STORE d
    SORT l STORE d STORE e GET none_*
    LRANGE e 0 -1
    SORT l STORE
    SORT none STORE d
    EXISTS d
    SORT_RO l STORE d
    SORT_RO l DESC
    SORT str
    SORT str LIMIT x 1
    SORT str NONSENSE
    RPUSH texts a b
    SORT texts
    SORT texts STORE d
    SORT none
    SORT texts ALPHA STORE texts
    HSET h_1 f 3
    HSET h_2 f 2
    SORT l BY h_*->f GET h_*->f GET #
    SORT l GET '' GET *
    ZADD z 3 1 2 2 1 3
    SORT z
    SORT z BY nosort
    SORT z BY nosort DESC LIMIT 0 2
"""


def test_sort_over_the_wire(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)
