"""The commands of lists over the wire."""

from __future__ import annotations

from raw import RawPair

GRAMMAR = """
    3 LPUSH key value+
    5 RPUSH key value+
    LPUSHX key value+
    RPUSHX key value+
    2 LPOP key [count]
    2 RPOP key [count]
    LLEN key
    LINDEX key integer
    LRANGE key integer integer
    2 LSET key integer value
    2 LINSERT key (BEFORE|AFTER) value value
    2 LREM key integer value
    LTRIM key integer integer
    3 LPOS key value [RANK integer] [COUNT count] [MAXLEN count]
    2 LMOVE key key (LEFT|RIGHT) (LEFT|RIGHT)
    RPOPLPUSH key key
    2 LMPOP #key (LEFT|RIGHT) [COUNT count]
    BLPOP key+ timeout
    BRPOP key+ timeout
    BLMOVE key key (LEFT|RIGHT) (LEFT|RIGHT) timeout
    BRPOPLPUSH key key timeout
    BLMPOP timeout #key (LEFT|RIGHT) [COUNT count]
    SET key value
    DEL key
    PEXPIRE key milliseconds
"""

REQUESTS = """
    SET s text
    RPUSH l a b c a b a
    RPUSH '' ''
    LRANGE '' 0 -1
    LPUSH s x
    LPUSHX none x
    LINDEX l -1
    LINDEX none x
    LINDEX s x
    LRANGE s x 1
    LRANGE none 0 -1
    LPOP none
    LPOP none 1
    LPOP none x
    LPOP l 0
    LPOP l -1
    LPOP s -1
    LPOP s 1
    LPOP l 1 1
    RPOP l 2
    RPOP l 100
    LLEN l
    RPUSH l a b c a b a
    LPOS l a
    LPOS l z
    LPOS l z COUNT 0
    LPOS l a rank -1 COUNT 2
    LPOS l a COUNT 1 COUNT 0
    LPOS l a MAXLEN 2 COUNT 0 RANK 1
    LPOS l a RANK
    LPOS l a RANK 0 COUNT x
    LPOS l a RANK x
    LPOS l a COUNT -1
    LPOS l a MAXLEN -1
    LPOS l a RANK -9223372036854775808
    LPOS s a NONSENSE
    LPOS s a COUNT 0
    LPOS none a COUNT 0
    LPOS none a
    LSET none x v
    LSET s x v
    LSET l x v
    LSET l 100 v
    LSET l -1 v
    LINSERT l NEAR a b
    LINSERT l before z b
    LINSERT none AFTER a b
    LINSERT s AFTER a b
    LREM l x a
    LREM s 0 a
    LTRIM l 1 x
    LTRIM s 0 1
    LTRIM l 1 3
    LMOVE l l left RIGHT
    LMOVE l l LEFT UP
    LMOVE l s LEFT LEFT
    LMOVE s l LEFT LEFT
    LMOVE none s LEFT LEFT
    RPOPLPUSH none s
    RPOPLPUSH l s
    LMPOP 0 l LEFT
    LMPOP x l LEFT
    LMPOP 2 l LEFT
    LMPOP 1 l
    LMPOP 1 l UP
    LMPOP 1 l LEFT COUNT
    LMPOP 1 l LEFT COUNT 0
    LMPOP 1 l LEFT COUNT 1 COUNT 1
    LMPOP 1 l LEFT LIMIT 1
    LMPOP 2 none l right count 2
    LMPOP 1 none LEFT
    LMPOP 2 none s LEFT
    RPUSH l a b c d e f g
    BLPOP none l 0
    BRPOP l 1.5
    BLPOP l -1
    BLPOP l x
    BLPOP s x
    BLPOP s l 0
    BLPOP l s 0
    BLMOVE l l LEFT UP x
    BLMOVE l l LEFT RIGHT x
    BLMOVE l s LEFT RIGHT 0
    BLMOVE s l LEFT RIGHT 0
    BRPOPLPUSH l m 0
    BRPOPLPUSH s m x
    BLMPOP 0 2 none l LEFT
    BLMPOP 0 1 l LEFT COUNT 2
    BLMPOP x 1 l UP
    BLMPOP x 1 l LEFT
    BLMPOP -1 0 l LEFT
"""


def test_lists_over_the_wire(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)
