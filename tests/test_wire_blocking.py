"""Blocking commands over the wire: who is served, in which order, and what everybody is told.

Each transcript is played by five connections to both sides, which must receive the same bytes. The first four
do what it says; the last one hears of every keyspace event, so the order in which waiters are served shows.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import shlex
import string
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
import redis
from grammar import Grammar, Words
from hypothesis import given
from hypothesis import strategies as st
from raw import Clients, NumberOf, RawPair, Wire
from redis.backoff import NoBackoff
from redis.retry import Retry

from kvlite import AsyncStore, Server, Store
from kvlite.redis import AsyncRedis, Redis

LISTENER = 4

TRANSCRIPTS = {
    "each command waits and gets what it asks for": """
        0 BLPOP k 0                      | 1 RPUSH k a b  | 1 DEL k
        0 BRPOP k 0                      | 1 RPUSH k a b  | 1 DEL k
        0 BLMOVE k d LEFT RIGHT 0        | 1 RPUSH k a b  | 1 DEL k d
        0 BLMOVE k d right left 0        | 1 RPUSH k a b  | 1 DEL k d
        0 BRPOPLPUSH k d 0               | 1 RPUSH k a b  | 1 DEL k d
        0 BLMPOP 0 1 k LEFT              | 1 RPUSH k a b  | 1 DEL k
        0 BLMPOP 0 2 j k RIGHT COUNT 2   | 1 RPUSH k a b  | 1 DEL k
        0 BLMPOP 0 1 k RIGHT COUNT 9     | 1 RPUSH k a b  | 1 DEL k
        0 BZPOPMIN k 0                   | 1 ZADD k 1.5 a 2 b | 1 DEL k
        0 BZPOPMAX k 0                   | 1 ZADD k 1.5 a 2 b | 1 DEL k
        0 BZMPOP 0 1 k MIN               | 1 ZADD k 1.5 a inf b | 1 DEL k
        0 BZMPOP 0 2 j k max count 2     | 1 ZADD k 1.5 a inf b | 1 DEL k
        0 BZMPOP 0 1 k MAX COUNT 9       | 1 ZADD k 1.5 a inf b | 1 DEL k
    """,
    "first come, first served": """
        0 BLPOP k 0
        1 BRPOP k 0
        2 BLPOP j k 0
        3 RPUSH k a
        3 RPUSH k b c d
        3 LRANGE k 0 -1
    """,
    "one push serves as many as there are elements": """
        0 BLMPOP 0 1 k LEFT COUNT 2
        1 BLMPOP 0 1 k LEFT COUNT 2
        2 BLPOP k 0
        3 LPUSH k a b c
        3 LPUSH k d
    """,
    "each of several keys has a line of its own": """
        0 BLPOP a 0
        1 BLPOP b a 0
        2 BLPOP a b 0
        3 RPUSH b 1
        3 RPUSH a 2 3 4
        3 LRANGE a 0 -1
    """,
    "a key twice": """
        0 BLPOP a a b a 0
        1 BLPOP b b 0
        3 RPUSH a 1 2
        3 RPUSH b 1 2
        3 LRANGE b 0 -1
    """,
    "members and elements": """
        0 BZPOPMIN k 0
        1 BLPOP k 0
        2 BZPOPMAX k 0
        3 RPUSH k a
        3 ZADD k 1 m
        3 ZADD k 1 m 2 n
        3 ZADD k 1 m 2 n
        3 ZRANGE k 0 -1
    """,
    "one ZADD serves many": """
        0 BZMPOP 0 1 k MIN COUNT 2
        1 BZPOPMAX k 0
        2 BZPOPMIN k 0
        3 ZADD k 1 a 2 b 3 c 4 d
        3 ZINCRBY k 2 e
        3 ZRANGE k 0 -1 WITHSCORES
    """,
    "another type serves nobody": """
        0 BLPOP k 0
        1 BZPOPMIN k 0
        3 SET k text
        3 APPEND k x
        3 DEL k
        3 SADD k x
        3 DEL k
        3 HSET k f v
        3 DEL k
        3 RPUSH k a b
        3 DEL k
        3 ZADD k 1 m
    """,
    "another type, then the right one, in one transaction": """
        0 BLPOP k 0
        1 BZPOPMIN k 0
        3 MULTI | 3 SET k text | 3 DEL k | 3 RPUSH k a | 3 EXEC
        3 MULTI | 3 RPUSH k a | 3 DEL k | 3 ZADD k 1 m | 3 EXEC
        3 DBSIZE
    """,
    "a wrong type stops who asks for it, not who waits": """
        3 SET s text
        0 BLPOP s 0
        0 BLPOP none s 0
        0 BZPOPMIN none s 0
        0 BLMOVE s none LEFT LEFT 0
        0 BLMPOP 0 2 none s LEFT
        0 BLPOP k none 0
        3 SET none text
        3 RPUSH k a
    """,
    "time is up": """
        0 BLPOP k 1
        1 BLMOVE k d LEFT RIGHT 1.5
        2 BZMPOP 2 1 k MIN
        + 0.5
        3 RPUSH k a
        0 BLPOP k 1
        + 0.75
        + 0.5
        3 RPUSH k b
        + 0.75
        0 BRPOPLPUSH k d 0.5
        1 BZPOPMIN k 0.5
        2 BLMPOP 0.5 1 k LEFT
        3 DEL k d
        + 1
        0 BLMPOP 0.5 1 k LEFT
        1 BRPOPLPUSH k d 0.5
        2 BZPOPMAX k 0.5
        + 1
    """,
    "as long as it lives": """
        0 BLPOP k 3
        3 MULTI | 3 RPUSH k a b | 3 PEXPIRE k 500 | 3 EXEC
        0 LRANGE k 0 -1
        + 1
        0 BLPOP k 3
        3 MULTI | 3 RPUSH k a b | 3 PEXPIREAT k 1 | 3 EXEC
        + 4
    """,
    "who waits may send more, which waits too": """
        0 BLPOP k 0 & RPUSH d x & LRANGE d 0 -1
        1 BLPOP k 0 & RPUSH d y & PING
        3 RPUSH k a b & LPUSH d z
        3 LRANGE d 0 -1
        0 BLPOP k 0 & BLPOP k 0 & BLPOP k 0 & PING
        3 RPUSH k a & RPUSH k b & PING
        3 RPUSH k c
    """,
    "those who wait go on in the order in which they were served": """
        0 BLPOP b 0 & RPUSH log 0
        1 BLPOP a 0 & RPUSH log 1
        2 BLPOP a 0 & RPUSH log 2
        3 MULTI | 3 RPUSH a x y | 3 RPUSH b z | 3 EXEC
        3 LRANGE log 0 -1
    """,
    "in the order of birth at the end of EXEC": """
        0 BLPOP a b c 0
        1 BLPOP c a b 0
        2 BLPOP b 0
        3 MULTI | 3 RPUSH c 1 | 3 RPUSH a 2 | 3 RPUSH b 3 4 | 3 RPUSH a 5 | 3 EXEC
        3 LRANGE a 0 -1
        3 LRANGE b 0 -1
        3 LRANGE c 0 -1
    """,
    "a key that is born twice keeps its first place": """
        0 BLPOP a b 0
        1 BLPOP b a 0
        3 MULTI | 3 RPUSH a 1 | 3 RPUSH b 2 | 3 DEL a | 3 RPUSH a 3 | 3 EXEC
    """,
    "what is gone at the end of EXEC serves nobody": """
        0 BLPOP a 0
        1 BZPOPMIN z 0
        3 MULTI | 3 RPUSH a 1 | 3 LPOP a | 3 ZADD z 1 m | 3 ZREM z m | 3 EXEC
        3 MULTI | 3 RPUSH a 1 | 3 RENAME a b | 3 ZADD z 1 m | 3 FLUSHALL | 3 EXEC
        3 MULTI | 3 RPUSH a 1 | 3 ZADD z 1 m | 3 EXEC
    """,
    "who blocks in a transaction takes before who waits, and waits for nothing": """
        0 BLPOP a 0
        3 MULTI | 3 RPUSH a 1 2 | 3 BLPOP a 0 | 3 BLMOVE none b LEFT LEFT 0 | 3 BZMPOP 0 1 none MIN | 3 EXEC
        3 MULTI | 3 BLPOP none 0 | 3 BRPOPLPUSH none b 0 | 3 BLMPOP 0 1 none LEFT | 3 BZPOPMIN none 0 | 3 EXEC
    """,
    "RENAME, COPY, MOVE": """
        0 BLPOP a 0
        1 BLPOP a 0
        2 BZPOPMAX a 0
        3 RPUSH x 1
        3 COPY x a
        3 RENAME x a
        3 ZADD z 1 m
        3 SET a text
        3 RENAMENX z a
        3 COPY z a REPLACE
        0 BLPOP a 0
        3 SELECT 1
        3 RPUSH a 1 2
        3 MOVE a 0
        3 ZADD a 3 m
        3 SELECT 0
        3 COPY z b DB 1
        2 BZPOPMIN b 0
        3 COPY z b
        3 EXISTS a b z
    """,
    "RENAME to a key that is there": """
        0 BLPOP a 0
        3 SET a text
        3 RPUSH x 1 2
        3 RENAME x a
        3 LRANGE a 0 -1
    """,
    "other databases": """
        0 SELECT 1
        0 BLPOP k 0
        1 BLPOP k 0
        3 SELECT 1
        3 RPUSH k in1
        3 SELECT 2
        3 RPUSH k in2 more
        3 SWAPDB 0 2
        3 LRANGE k 0 -1
        3 SWAPDB 2 0
        1 LRANGE k 0 -1
        1 BLPOP other 0
        3 RPUSH other x
        3 SWAPDB 2 0
        1 EXISTS other
    """,
    "a swap there and back": """
        0 BLPOP k 0
        3 SELECT 1
        3 RPUSH k x
        3 MULTI | 3 SWAPDB 0 1 | 3 SWAPDB 0 1 | 3 EXEC
        3 LRANGE k 0 -1
        3 SWAPDB 0 1
    """,
    "stores": """
        3 RPUSH l 3 1 2
        3 ZADD z 1 a 2 b 3 c
        3 SADD s x y
        0 BLPOP d 0
        1 BZPOPMIN d 0
        2 BZPOPMAX e d 0
        3 SUNIONSTORE d s
        3 DEL d
        3 SORT l STORE d
        3 DEL d
        3 ZUNIONSTORE d 1 z WEIGHTS 2
        3 ZUNIONSTORE e 1 z
        3 DEL d e
        1 BZPOPMIN d 0
        3 ZINTERSTORE d 1 z
        3 DEL d
        1 BZMPOP 0 1 d MAX COUNT 3
        3 ZDIFFSTORE d 1 z
        1 BZMPOP 0 1 d MAX COUNT 2
        3 ZRANGESTORE d z 0 1
        1 BZMPOP 0 1 d MIN
        3 ZUNIONSTORE d 1 s
        0 BLPOP d 0
        3 DEL d
        3 RPOPLPUSH l d
        0 BRPOP d 0
        3 LMOVE l d LEFT RIGHT
        0 LRANGE l 0 -1
    """,
    "RESTORE": """
        0 BLPOP d 0
        1 BZPOPMIN d 0
        2 BLPOP e 0
        3 RESTORE d 0 {list}
        3 RESTORE e 0 {list}
        0 BLPOP d 0
        3 RESTORE d 0 {zset}
        3 SET d text
        3 RESTORE d 0 {list}
        3 RESTORE d 0 {list} REPLACE
        3 EXISTS d e
    """,
    "a move to another type is an error, and the next one is served": """
        3 SET text x
        0 BLMOVE k text LEFT RIGHT 0
        1 BRPOPLPUSH k text 0
        2 BLPOP k 0
        3 RPUSH k a
        0 BLMOVE k text LEFT RIGHT 0
        3 RPUSH k a b
        3 LRANGE k 0 -1
    """,
    "a chain of moves": """
        0 BLMOVE a b LEFT RIGHT 0
        1 BRPOPLPUSH b c 0
        2 BLPOP c 0
        3 RPUSH a v
        3 DBSIZE
        2 BLPOP c 0
        1 BLMOVE b c RIGHT LEFT 0
        0 BLMOVE a b LEFT RIGHT 0
        3 RPUSH a v w
        3 LRANGE a 0 -1
    """,
    "a circle of moves": """
        0 BLMOVE a b LEFT RIGHT 0
        1 BLMOVE b a LEFT RIGHT 0
        3 RPUSH a v
        3 LRANGE a 0 -1
        3 DEL a
        0 BLMOVE a b LEFT RIGHT 0
        1 BLMOVE b a LEFT RIGHT 0
        2 BLMOVE a c LEFT RIGHT 0
        3 RPUSH a v
        3 LRANGE a 0 -1
        3 LRANGE c 0 -1
    """,
    "a list that turns": """
        0 BLMOVE a a LEFT RIGHT 0
        1 BRPOPLPUSH a a 0
        2 BLPOP a 0
        3 RPUSH a v
        0 BLMOVE a a LEFT RIGHT 0
        1 BLMOVE a a LEFT RIGHT 0
        2 BLPOP a 0
        3 RPUSH a 1 2 3
        3 LRANGE a 0 -1
    """,
    "a list that turns lets others go first": """
        0 BLMOVE a a LEFT RIGHT 0
        1 BLPOP b a 0
        3 MULTI | 3 RPUSH a v | 3 RPUSH b w | 3 EXEC
        3 LRANGE a 0 -1
        3 LRANGE b 0 -1
    """,
    "moves into the middle of lines": """
        0 BLMOVE a b LEFT RIGHT 0
        1 BLPOP b a 0
        2 BLPOP b 0
        3 MULTI | 3 RPUSH a 1 2 | 3 RPUSH b 3 | 3 EXEC
        3 LRANGE a 0 -1
        3 LRANGE b 0 -1
    """,
    "CLIENT UNBLOCK": """
        0 BLPOP k 0
        1 BLMOVE k d LEFT RIGHT 0
        2 BZMPOP 0 1 k MIN
        3 CLIENT UNBLOCK @0
        3 CLIENT UNBLOCK @0 TIMEOUT
        3 CLIENT UNBLOCK @1 timeout
        3 CLIENT UNBLOCK @2 TIMEOUT
        0 BLPOP k 0
        1 BLMOVE k d LEFT RIGHT 0
        2 BZPOPMIN k 0
        3 CLIENT UNBLOCK @0 ERROR
        3 CLIENT UNBLOCK @1 error
        3 CLIENT UNBLOCK @2 ERROR
        3 CLIENT UNBLOCK @3 ERROR
        3 CLIENT UNBLOCK @2 NONSENSE
        3 RPUSH k a
        0 BLPOP k 0 & BLPOP k 0 & PING
        3 CLIENT UNBLOCK @0
        3 RPUSH k b
    """,
    "unblocked by whom it would have served": """
        0 BLPOP k 0
        1 BLPOP k 0
        3 MULTI | 3 RPUSH k a | 3 CLIENT UNBLOCK @0 | 3 EXEC
        3 EXISTS k
    """,
    "killed while it waits": """
        0 BLPOP k 0
        1 BLPOP k 0
        2 BLMOVE j d LEFT LEFT 0 & PING
        3 CLIENT KILL ID @0
        3 RPUSH k a b
        3 CLIENT KILL ID @2
        3 RPUSH j x
        3 LRANGE k 0 -1
        3 LRANGE j 0 -1
    """,
    "killed in the transaction that would have served it": """
        0 BLPOP k 0
        1 BLPOP k 0
        3 MULTI | 3 RPUSH k a b | 3 CLIENT KILL ID @0 | 3 EXEC
        3 LRANGE k 0 -1
    """,
    "gone while it waits": """
        0 BLPOP k 0
        1 BLPOP k 0
        2 BLMOVE k d LEFT LEFT 0
        0 (disconnects)
        2 (disconnects)
        3 RPUSH k a b
        3 LRANGE k 0 -1
        3 EXISTS d
    """,
    "several pushes in a script": """
        0 BLPOP a b 0
        1 BLPOP b 0
        2 BZPOPMIN z 0
        3 EVAL "redis.call('RPUSH', 'b', 1) redis.call('RPUSH', 'a', 2, 3) return redis.call('LLEN', 'b')" 0
        3 LRANGE a 0 -1
        3 EVAL "redis.call('RPUSH', 'b', 1, 2) redis.call('ZADD', 'z', 1, 'm') return redis.call('nope')" 0
        3 LRANGE b 0 -1
        2 BZPOPMIN z 0
        3 EVAL "redis.call('ZADD', 'z', 1, 'm') return redis.call('DEL', 'z')" 0
        3 MULTI | 3 EVAL "return redis.call('ZADD', 'z', 1, 'm')" 0 | 3 ZADD z 2 n | 3 EXEC
        3 ZRANGE z 0 -1
        3 EVAL "return redis.call('BLPOP', 'z', 0)" 0
    """,
    "commands that take away what was pushed": """
        0 BLPOP a 0
        3 RPUSH a 1 & LPOP a
        0 BLPOP a 0
        3 MULTI | 3 RPUSH a 1 | 3 LMOVE a b LEFT LEFT | 3 EXEC
        3 LPUSHX a 1
        3 LINSERT a BEFORE 1 2
        3 LMOVE b a LEFT LEFT
    """,
    "shown while they wait": """
        0 BLPOP a 0
        1 BZMPOP 0 1 z MIN
        3 INFO clients
        3 RPUSH a 1
        1 (disconnects)
        3 INFO clients
    """,
}

_source = Store()
_source.rpush("l", "1", "2")
_source.zadd("z", {"m": 1})
PAYLOADS = {"{list}": _source.dump("l"), "{zset}": _source.dump("z")}
"""What DUMP gives of a list and of a sorted set."""

SCRIPTED = {name for name, text in TRANSCRIPTS.items() if "EVAL" in text}


def gathered(raw: RawPair) -> Clients:
    clients = Clients(raw, LISTENER + 1)
    clients.ask(LISTENER, "CONFIG", "SET", "notify-keyspace-events", "KEA")
    clients.ask(LISTENER, "PSUBSCRIBE", "__key*")
    return clients


@pytest.fixture
def clients(raw: RawPair) -> Iterator[Clients]:
    clients = gathered(raw)
    yield clients
    clients.close()


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_as_redis_serves(raw: RawPair, clients: Clients, name: str) -> None:
    if name in SCRIPTED:
        pytest.importorskip("lupa")
    for line in TRANSCRIPTS[name].strip().splitlines():
        for step in line.split(" | "):
            play(raw, clients, step.strip())
    shown(clients)


def play(raw: RawPair, clients: Clients, step: str) -> None:
    """One step: time that passes, a connection that ends, or what one client sends in one piece."""
    who, _, what = step.partition(" ")
    if who == "+":
        raw.advance(float(what))
        clients.received()
    elif what == "(disconnects)":
        clients.disconnect(int(who))
    else:
        requests = [[_word(word) for word in shlex.split(each)] for each in what.split(" & ")]
        clients.ask_at_once(int(who), requests, shape=_what_both_know if "INFO" in what else bytes)


def _word(word: str) -> Any:
    if word.startswith("@"):
        return NumberOf(word[1:])
    return PAYLOADS.get(word, word)


def _what_both_know(reply: bytes) -> list[bytes]:
    return re.findall(rb"blocked_clients:\d+", reply) or [reply]


def shown(clients: Clients) -> None:
    """Nobody waits but who does so on both sides, and all that is left is the same."""
    for database in (1, 2, 0):
        clients.ask(3, "SELECT", database)
        for key in string.ascii_lowercase:
            kind = clients.ask(3, "TYPE", key)[3]
            if kind == b"+list\r\n":
                clients.ask(3, "LRANGE", key, 0, -1)
            elif kind == b"+zset\r\n":
                clients.ask(3, "ZRANGE", key, 0, -1, "WITHSCORES")
    clients.ask(3, "INFO", "clients", shape=_what_both_know)


WAITS = Grammar("""
    3 BLPOP key+ timeout
    2 BRPOP key+ timeout
    3 BLMOVE key key (LEFT|RIGHT) (LEFT|RIGHT) timeout
    BRPOPLPUSH key key timeout
    2 BLMPOP timeout #key (LEFT|RIGHT) [COUNT count]
    2 BZPOPMIN key+ timeout
    BZPOPMAX key+ timeout
    2 BZMPOP timeout #key (MIN|MAX) [COUNT count]
""")
CHANGES = Grammar("""
    6 RPUSH key value+
    2 LPUSH key value+
    4 ZADD key (score short)+
    ZINCRBY key score short
    LPOP key [count]
    LREM key integer value
    LMOVE key key (LEFT|RIGHT) (LEFT|RIGHT)
    LMPOP #key (LEFT|RIGHT) [COUNT count]
    2 BLPOP key+ timeout
    BLMOVE key key (LEFT|RIGHT) (LEFT|RIGHT) timeout
    ZPOPMIN key [count]
    4 DEL key+
    SET key value
    SADD key member+
    3 RENAME key key
    2 COPY key key [REPLACE]
    COPY key key DB database
    MOVE key database
    SELECT database
    SORT key ALPHA STORE key
    ZUNIONSTORE key #key
    ZRANGESTORE key key 0 -1
    PEXPIRE key milliseconds
    FLUSHDB
""")

BATCH = """
local at = 1
while ARGV[at] do
    local count = tonumber(ARGV[at])
    redis.pcall(unpack(ARGV, at + 1, at + count))
    at = at + count + 1
end
"""
"""Runs requests, each after the number of its words."""

WAITING = range(3)
ACTING = 3


@given(st.lists(st.integers(0, 2**32), min_size=40, max_size=40))
def test_random_histories(raw: RawPair, seeds: list[int]) -> None:
    """Three clients wait for this and that, the fourth changes things: alone, in transactions, in scripts."""
    clients = gathered(raw)
    try:
        for seed in seeds:
            step(raw, clients, Random(seed))
        shown(clients)
    finally:
        clients.close()


def step(raw: RawPair, clients: Clients, random: Random) -> None:
    number, chance = random.randrange(ACTING), random.randrange(20)
    if chance == 0:
        raw.advance(random.choice([0.27, 0.53, 1.09]))  # no timeout ends exactly then
        clients.received(shape=_lines)  # which key expires first is up to Redis
    elif chance == 1:
        clients.ask(ACTING, "CLIENT", "UNBLOCK", NumberOf(number), random.choice(["TIMEOUT", "ERROR"]))
    elif chance < 10:
        own = clients.pairs[number][0]
        if own.stream.session.wait is None:
            clients.ask(number, *WAITS.draw_good(random))
    else:
        requests = [each for _ in range(random.randint(1, 4)) for each in change(random)]
        how = random.choice(["alone", "transaction", "script"])
        if how == "transaction":
            requests = [[b"MULTI"], *requests, [b"EXEC"]]
        elif how == "script" and importlib.util.find_spec("lupa"):
            words = [word for each in requests for word in (b"%d" % len(each), *each)]
            requests = [[b"EVAL", BATCH.encode(), b"0", *words]]
        clients.ask_at_once(ACTING, requests)


def change(random: Random) -> list[Words]:
    """A request that may change something. Nothing is stored over what has another type: then Redis overlooks
    those who wait."""
    words = CHANGES.draw_good(random)
    name = words[0].upper()
    if name.endswith(b"STORE") or name == b"SORT":
        return [[b"DEL", words[-1] if name == b"SORT" else words[1]], words]
    return [words]


def _lines(replies: bytes) -> list[bytes]:
    return sorted(replies.split(b"\r\n"))


# Who is gone


def test_what_a_killed_client_has_not_been_told_goes_back() -> None:
    """It was served, and killed before the answer was on its way. In Redis that element is gone."""
    store = Store()
    waits, kills = Wire(store), Wire(store)
    waits.ask("BLPOP", "k", 0)
    store.rpush("k", "a", "b")
    kills.ask("CLIENT", "KILL", "TYPE", "normal")
    assert waits.receive() == b""
    assert waits.closed
    waits.disconnect()
    assert store.lrange("k", 0, -1) == [b"a", b"b"]


def test_who_waits_in_the_process_is_killed_at_once() -> None:
    store = Store()
    rules = Redis(store)
    with ThreadPoolExecutor(1) as threads:
        waits = Redis(store, single_connection_client=True, retry=Retry(NoBackoff(), 0))
        call = threads.submit(waits.blpop, "q")
        await_waiting(store, 1)
        pipe = rules.pipeline()
        pipe.rpush("q", "a").client_kill_filter(_id=waits.connection.line.session.id).execute()
        with pytest.raises(redis.ConnectionError):
            call.result(LONG)
    assert store.lrange("q", 0, -1) == [b"a"]


# Through every door

LONG = 20


def by_task(store: Store[Any]) -> Any:
    async def wait() -> Any:
        return await AsyncStore(store).blpop(["p", "q"])

    return asyncio.run(wait())


def by_task_of_redis_py(store: Store[Any]) -> Any:
    async def wait() -> Any:
        client = AsyncRedis(store)
        try:
            return await client.blpop(["p", "q"])
        finally:
            await client.aclose()

    return asyncio.run(wait())


WAYS_TO_WAIT: dict[str, Callable[[Store[Any], Any], Any]] = {
    "a thread": lambda store, remote: store.blpop(["p", "q"]),
    "a task": lambda store, remote: by_task(store),
    "redis-py in the process": lambda store, remote: Redis(store).blpop(["p", "q"]),
    "redis-py in a task": lambda store, remote: by_task_of_redis_py(store),
    "a client of the server": lambda store, remote: remote.blpop(["p", "q"]),
}


def by_pipeline(pipe: Any) -> None:
    pipe.rpush("q", 0, 1).rpush("x", 4).rename("x", "p").rpush("q", 2, 3).execute()


IN_TURN = [(b"q", b"0"), (b"q", b"1"), (b"q", b"2"), (b"q", b"3"), (b"q", b"4")]
LAST_OF_P = [*IN_TURN[:4], (b"p", b"4")]
WAYS_TO_PUSH: list[tuple[Callable[[Store[Any], Any], Any], list[tuple[bytes, bytes]]]] = [
    (lambda store, remote: store.rpush("q", *range(5)), IN_TURN),
    (lambda store, remote: Redis(store).rpush("q", *range(5)), IN_TURN),
    (lambda store, remote: remote.rpush("q", *range(5)), IN_TURN),
    (lambda store, remote: by_pipeline(remote.pipeline()), LAST_OF_P),
    (lambda store, remote: by_pipeline(store.pipeline()), LAST_OF_P),
]
"""And what those who wait get, in the order in which they came."""


@pytest.mark.parametrize("turn", range(5), ids=WAYS_TO_WAIT)
def test_first_come_first_served_across_doors(turn: int) -> None:
    names = [*WAYS_TO_WAIT][turn:] + [*WAYS_TO_WAIT][:turn]
    push, expected = WAYS_TO_PUSH[turn]
    with (
        Store() as store,
        Server(store, port=0) as server,
        redis.Redis.from_url(server.url) as remote,
        ThreadPoolExecutor(5) as threads,
    ):
        calls = []
        for number, name in enumerate(names, 1):
            calls.append(threads.submit(WAYS_TO_WAIT[name], store, remote))
            await_waiting(store, number)
        push(store, remote)
        assert [call.result(LONG) for call in calls] == expected


def await_waiting(store: Store[Any], count: int) -> None:
    """Return when so many wait for `q`."""
    deadline = time.monotonic() + LONG
    while len(store._lines.get(b"q", ())) < count:
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.0005)
