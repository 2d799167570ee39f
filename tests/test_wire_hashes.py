"""The commands of hashes over the wire."""

from __future__ import annotations

from raw import RawPair, Wire, decoded

from kvlite import ManualClock, Store

GRAMMAR = """
    5 HSET key (member value)+
    HMSET key (member value)+
    2 HSETNX key member value
    3 HDEL key member+
    HGET key member
    HMGET key member+
    HGETALL key
    HKEYS key
    HVALS key
    HLEN key
    HSTRLEN key member
    HEXISTS key member
    3 HINCRBY key member integer
    3 HINCRBYFLOAT key member float
    2 HRANDFIELD key [integer] [WITHVALUES]
    2 HSCAN key cursor [MATCH pattern] [COUNT page]
    SET key value
    DEL key
    PEXPIRE key milliseconds
"""

REQUESTS = """
    SET s text
    HSET h a 1 b 2 a 3
    HSET h '' ''
    HSET h c
    HSET h c 1 d
    HSET s a
    HSET s a 1
    HSET s a 1 b
    HMSET h e 5 f
    HMSET h e 5
    HGET h ''
    HGET h z
    HGET none z
    HGET s z
    HMGET h a z a
    HMGET none a b
    HMGET s a b
    HGETALL h
    HGETALL none
    HGETALL s
    HKEYS h
    HKEYS none
    HVALS h
    HLEN h
    HSTRLEN h z
    HEXISTS h a
    HEXISTS h z
    HEXISTS s a
    HSETNX h a 9
    HSETNX h g 9
    HSETNX s a 9
    HDEL h g g z
    HDEL s a
    HINCRBY h a x
    HINCRBY s a x
    HINCRBY h '' 1
    HINCRBY h a 9223372036854775807
    HINCRBY h a 5
    HINCRBYFLOAT h a x
    HINCRBYFLOAT h a nan
    HINCRBYFLOAT s a x
    HINCRBYFLOAT h '' 1
    HINCRBYFLOAT h a 0.5
    HSET one f v
    HRANDFIELD one
    HRANDFIELD none
    HRANDFIELD one 0
    HRANDFIELD one 5
    HRANDFIELD one -3
    HRANDFIELD one 5 WITHVALUES
    HRANDFIELD one -2 withvalues
    HRANDFIELD none 2 WITHVALUES
    HRANDFIELD one x
    HRANDFIELD one x NONSENSE
    HRANDFIELD s 1
    HRANDFIELD one 1 NONSENSE
    HRANDFIELD one 1 WITHVALUES 2
    HRANDFIELD one -9223372036854775808
    HRANDFIELD one 4611686018427387904 WITHVALUES
    HSCAN h 0
    HSCAN h 0 MATCH [ab] COUNT 100
    HSCAN h 0 COUNT 1 COUNT
    HSCAN h 0 COUNT 0
    HSCAN h 0 COUNT x MATCH
    HSCAN h 0 MATCH
    HSCAN h 0 NOVALUES
    HSCAN h x
    HSCAN s x
    HSCAN s 0 NONSENSE
    HSCAN none x
    HSCAN none 0 COUNT 0
    HSCAN none 0 NONSENSE
"""


def test_hashes_over_the_wire(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)


DEADLINES_OF_FIELDS = """
    SET s x -> +OK
    HSET h a 1 b 2 -> 2
    HEXPIRE s x FIELDS 1 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HEXPIRE none x FIELDS 1 a -> -ERR value is not an integer or out of range
    HEXPIRE h x NX BAD 1 a -> -ERR value is not an integer or out of range
    HEXPIRE h -1 BAD 1 a -> -ERR invalid expire time, must be >= 0
    HEXPIRE h -1 FIELDS 0 a -> -ERR invalid expire time, must be >= 0
    HEXPIRE h -1 FIELDS 1 a -> -ERR invalid expire time, must be >= 0
    HEXPIRE none -1 FIELDS 1 a -> -ERR invalid expire time, must be >= 0
    HEXPIRE h 9999999999999999 BAD 1 a -> -ERR invalid expire time in 'hexpire' command
    HEXPIRE h 1 BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HEXPIRE h 1 NX XX FIELDS 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HEXPIRE h 1 FIELDS 1 a NX -> -ERR The `numfields` parameter must match the number of arguments
    HEXPIRE h 1 NX FIELDS 1 -> -ERR The `numfields` parameter must match the number of arguments
    HEXPIRE h 1 NX FIELDS x -> -ERR Parameter `numFields` should be greater than 0
    HEXPIRE h 1 FIELDS x a -> -ERR Parameter `numFields` should be greater than 0
    HEXPIRE h 1 FIELDS 0 a -> -ERR Parameter `numFields` should be greater than 0
    HEXPIRE h 1 FIELDS -1 a -> -ERR Parameter `numFields` should be greater than 0
    HEXPIRE h 1 FIELDS 99999999999999999999 a -> -ERR Parameter `numFields` should be greater than 0
    HEXPIRE h 1 FIELDS 2147483648 a -> -ERR The `numfields` parameter must match the number of arguments
    HEXPIRE h 1 FIELDS 2 a -> -ERR The `numfields` parameter must match the number of arguments
    HEXPIRE h 1 FIELDS 1 a b -> -ERR The `numfields` parameter must match the number of arguments
    HEXPIRE none 1 FIELDS 0 a -> -ERR Parameter `numFields` should be greater than 0
    HEXPIRE none 1 FIELDS 2 a -> -ERR The `numfields` parameter must match the number of arguments
    HEXPIRE none 1 FIELDS 2 a b -> [-2, -2]
    HEXPIRE h 100 FIELDS 2 a a -> [1, 1]
    HEXPIRE h 0 FIELDS 3 a a b -> [2, -2, 2]
    EXISTS h -> 0
    HSET h a 1 b 2 -> 2
    HTTL s BAD 1 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HTTL s FIELDS 0 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HTTL h BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HTTL h FIELDS 0 a -> -ERR Number of fields must be a positive integer
    HTTL h FIELDS x a -> -ERR Number of fields must be a positive integer
    HTTL h FIELDS 2 a -> -ERR The `numfields` parameter must match the number of arguments
    HTTL h FIELDS 1 a b -> -ERR The `numfields` parameter must match the number of arguments
    HTTL none BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HTTL none FIELDS 0 a -> -ERR Number of fields must be a positive integer
    HTTL none FIELDS 2 a -> -ERR The `numfields` parameter must match the number of arguments
    HTTL none FIELDS 2 a b -> [-2, -2]
    HPERSIST s BAD 1 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HPERSIST s FIELDS 0 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HPERSIST none BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HPERSIST none FIELDS 0 a -> -ERR Number of fields must be a positive integer
    HPERSIST none FIELDS 1 a -> [-2]
    HPERSIST h FIELDS 1 a b -> -ERR The `numfields` parameter must match the number of arguments
    HPERSIST h BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETDEL s BAD 1 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HGETDEL s FIELDS 0 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HGETDEL h BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETDEL h FIELDS 0 a -> -ERR Number of fields must be a positive integer
    HGETDEL h FIELDS x a -> -ERR Number of fields must be a positive integer
    HGETDEL h FIELDS 2 a -> -ERR The `numfields` parameter must match the number of arguments
    HGETDEL h FIELDS 1 a b -> -ERR The `numfields` parameter must match the number of arguments
    HGETDEL none BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETDEL none FIELDS 0 a -> -ERR Number of fields must be a positive integer
    HGETDEL none FIELDS 1 a -> [None]
    HGETEX s BAD 1 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HGETEX none BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETEX h BAD 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETEX h FIELDS 0 a -> -ERR Number of fields must be a positive integer
    HGETEX none FIELDS 0 a -> -ERR Number of fields must be a positive integer
    HGETEX h FIELDS x a -> -ERR Number of fields must be a positive integer
    HGETEX h FIELDS 2 a -> -ERR The `numfields` parameter must match the number of arguments
    HGETEX h FIELDS 1 a b -> -ERR The `numfields` parameter must match the number of arguments
    HGETEX h FIELDS 1 a EX 10 -> -ERR The `numfields` parameter must match the number of arguments
    HGETEX h EX FIELDS 1 a -> -ERR value is not an integer or out of range
    HGETEX h EX x FIELDS 1 a -> -ERR value is not an integer or out of range
    HGETEX h EX -1 FIELDS 1 a -> -ERR invalid expire time, must be >= 0
    HGETEX h EX 0 FIELDS 1 zz -> [None]
    HGETEX h EX 9999999999999999 FIELDS 1 a -> -ERR invalid expire time in 'hgetex' command
    HGETEX h EX 10 PX 10 FIELDS 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETEX h EX 10 EX 10 FIELDS 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETEX h PERSIST PERSIST FIELDS 1 a ->
        -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETEX h PERSIST EX 10 FIELDS 1 a ->
        -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETEX h EX 10 PERSIST FIELDS 1 a ->
        -ERR Mandatory argument FIELDS is missing or not at the right position
    HGETEX h EX x BAD 1 a -> -ERR value is not an integer or out of range
    HGETEX h EX 10 -> -ERR wrong number of arguments for 'hgetex' command
    HGETEX h EX 10 FIELDS -> -ERR wrong number of arguments for 'hgetex' command
    HGETEX h EX 10 FIELDS 1 -> -ERR The `numfields` parameter must match the number of arguments
    HGETEX s EX x FIELDS 1 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HGETEX s EX 10 FIELDS 1 a -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HGETEX none EX x FIELDS 1 a -> -ERR value is not an integer or out of range
    HGETEX none EX 10 FIELDS 1 a -> [None]
    HGETEX h KEEPTTL FIELDS 1 a -> -ERR Mandatory argument FIELDS is missing or not at the right position
    HSETEX s BAD 1 a 1 -> -ERR unknown argument: BAD
    HSETEX none BAD 1 a 1 -> -ERR unknown argument: BAD
    HSETEX h BAD 1 a 1 -> -ERR unknown argument: BAD
    HSETEX s FIELDS 1 a 1 -> -WRONGTYPE Operation against a key holding the wrong kind of value
    HSETEX s EX x FIELDS 1 a 1 -> -ERR value is not an integer or out of range
    HSETEX h FIELDS 0 a 1 -> -ERR invalid number of fields
    HSETEX h FIELDS x a 1 -> -ERR invalid number of fields
    HSETEX h FIELDS 2 a 1 -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h FIELDS 1 a 1 b 2 -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h FIELDS 1 a 1 b -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h FIELDS 1 a 1 FNX -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h FIELDS 1 a 1 EX 10 -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h FNX FXX FIELDS 1 a 1 -> -ERR Only one of FXX or FNX arguments can be specified
    HSETEX h FNX FNX FIELDS 1 a 1 -> -ERR Only one of FXX or FNX arguments can be specified
    HSETEX h EX x FIELDS 1 a 1 -> -ERR value is not an integer or out of range
    HSETEX h EX -1 FIELDS 1 a 1 -> -ERR invalid expire time, must be >= 0
    HSETEX h EX 0 FIELDS 1 a 1 -> 1
    HGETALL h -> [b'b', b'2']
    HSETEX h EX 9999999999999999 FIELDS 1 a 1 -> -ERR invalid expire time in 'hsetex' command
    HSETEX h EX 10 PX 10 FIELDS 1 a 1 ->
        -ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
    HSETEX h EX 10 EX 10 FIELDS 1 a 1 ->
        -ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
    HSETEX h KEEPTTL KEEPTTL FIELDS 1 a 1 ->
        -ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
    HSETEX h KEEPTTL EX 1 FIELDS 1 a 1 ->
        -ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
    HSETEX h EX x BAD 1 a 1 -> -ERR value is not an integer or out of range
    HSETEX h EX 10 FIELDS 1 a -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h FIELDS 1 a 1 b 2 c -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h PERSIST FIELDS 1 a 1 -> -ERR unknown argument: PERSIST
    HSETEX h EX FIELDS 1 a 1 -> -ERR value is not an integer or out of range
    HSETEX h FXX FIELDS 1 zz 1 -> 0
    HSETEX none FXX FIELDS 1 a 1 -> 0
    EXISTS none -> 0
    HSETEX e EX 0 FIELDS 1 a 1 -> 1
    EXISTS e -> 0
    HSETEX h EX 1 FIELDS -> -ERR wrong number of arguments for 'hsetex' command
    HSETEX h EX 1 BAD FIELDS 1 -> -ERR unknown argument: BAD
    HGETDEL h FIELDS 2 a a -> [None, None]
    HSET t a 1 b 2 c 3 -> 3
    HEXPIRE t 100 FIELDS 3 a b z -> [1, 1, -2]
    HEXPIRE t 50 NX FIELDS 3 a c z -> [0, 1, -2]
    HEXPIRE t 200 gt FIELDS 1 a -> [1]
    HPEXPIRE t 50000 LT fields 1 a -> [1]
    HTTL t FIELDS 4 a b c z -> [50, 100, 50, -2]
    HEXPIREAT t 33177117420 XX FIELDS 1 a -> [1]
    HPEXPIREAT t 33177117420000 FIELDS 1 b -> [1]
    HEXPIRETIME t FIELDS 2 a b -> [33177117420, 33177117420]
    HPEXPIRETIME t FIELDS 2 a b -> [33177117420000, 33177117420000]
    HPERSIST t FIELDS 4 a a c z -> [1, -1, 1, -2]
    HGETEX t EX 100 FIELDS 2 a z -> [b'1', None]
    HGETEX t persist FIELDS 1 a -> [b'1']
    HGETEX t PXAT 33177117420000 FIELDS 1 a -> [b'1']
    HSETEX t KEEPTTL FIELDS 1 a 9 -> 1
    HPEXPIRETIME t FIELDS 1 a -> [33177117420000]
    HSETEX t FXX EXAT 33177117421 FIELDS 2 a 1 b 2 -> 1
    HEXPIRETIME t FIELDS 2 a b -> [33177117421, 33177117421]
    HSETEX t fields 1 a 1 -> 1
    HTTL t FIELDS 1 a -> [-1]
    HSETEX t FNX FIELDS 2 n 1 a 5 -> 0
    HGETDEL t FIELDS 2 b z -> [b'2', None]
    HEXPIRE t 0 FIELDS 2 a c -> [2, 2]
    EXISTS t -> 0
"""
"""What redis-server 8.2.3 answers: 7.0 has no deadlines of fields."""


def test_deadlines_of_fields() -> None:
    wire = Wire(Store(clock=ManualClock()))
    for line in DEADLINES_OF_FIELDS.replace(" ->\n", " -> ").strip().splitlines():
        sent, wanted = map(str.strip, line.split(" -> "))
        reply = decoded(wire.ask(*sent.split()))
        simple = isinstance(reply, bytes) and reply.startswith((b"+", b"-"))
        assert (reply.decode() if simple else repr(reply)) == wanted, sent
