"""Scripts over the wire: what EVAL and SCRIPT answer, compared with Redis in every byte.

The files in `tests/lua` have a script on each line, by what they try.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from raw import RawPair, unordered

pytest.importorskip("lupa.lua51", reason="scripts need the extra 'lua': pip install 'kvlite[lua]'")

SCRIPTS = Path(__file__).parent / "lua"


def scripts_in(path: Path) -> Iterable[str]:
    return path.read_text().splitlines()


@pytest.mark.parametrize("topic", sorted(path.stem for path in SCRIPTS.glob("*.txt")))
def test_scripts_answer_as_in_redis(raw: RawPair, topic: str) -> None:
    for script in scripts_in(SCRIPTS / f"{topic}.txt"):
        raw.ask("EVAL", script, 0)


def test_arguments(raw: RawPair) -> None:
    one = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"
    raw.ask_all(
        [
            ["EVAL"],
            ["EVAL", "return 1"],
            ["EVAL", "return 1", "x"],
            ["EVAL", "return 1", "1"],
            ["EVAL", "return 1", "-1"],
            ["EVAL", "return 1", "2", "a"],
            ["EVAL", "return 1", "99999999999999999999"],
            ["EVAL", "retur 1", "-1"],
            ["EVAL", "", "0"],
            ["EVAL", "return {KEYS, ARGV}", "0"],
            ["EVAL", "return {KEYS, ARGV}", "2", "a", "b"],
            ["EVAL", "return {KEYS, ARGV}", "1", b"\xff\0", b"\r\n", ""],
            ["EVAL", "return {#KEYS, #ARGV, KEYS[3], ARGV[300]}", "300", *range(900)],
            ["EVALSHA", one, "0"],
            ["EVALSHA", "x", "0"],
            ["EVAL", "return 1", "0"],
            ["EVALSHA", one, "0"],
            ["EVALSHA", one.upper(), "0"],
            ["EVALSHA", one, "x"],
            ["EVALSHA", "short", "x"],
            ["EVALSHA", one, "3"],
            ["EVALSHA_RO", one, "0"],
            ["EVALSHA"],
            ["EVAL_RO"],
        ]
    )


def test_script(raw: RawPair) -> None:
    two = "7f923f79fe76194c868d7e1d0820de36700eb649"
    for line in [
        "SCRIPT",
        "SCRIPT x",
        "SCRIPT LOAD",
        "SCRIPT LOAD return(2)",
        "SCRIPT LOAD x(",
        "SCRIPT EXISTS",
        f"SCRIPT EXISTS {two} x",
        "SCRIPT FLUSH X",
        "SCRIPT FLUSH SYNC x",
        "SCRIPT FLUSH sync",
        "SCRIPT FLUSH ASYNC",
        "SCRIPT FLUSH",
        "SCRIPT KILL",
        "SCRIPT KILL x",
        "SCRIPT DEBUG NO",
        "SCRIPT DEBUG x",
        "SCRIPT DEBUG",
    ]:
        raw.ask(*line.split())
    raw.ask("SCRIPT", "LOAD", "return 2")
    raw.ask("SCRIPT", "EXISTS", two, two.upper(), "x")
    raw.ask("EVALSHA", two, "0")
    raw.ask("SCRIPT", "FLUSH")
    raw.ask("SCRIPT", "EXISTS", two)


READ_ONLY = [
    "return redis.call('get', 'a')",
    "return redis.call('set', 'a', 1)",
    "return redis.pcall('set', 'a', 1)",
    "return redis.call('expire', 'a', 0)",
    "return redis.call('select', 1)",
    "return redis.call('flushall')",
    "return redis.call('sort', 'x')",
    "return redis.call('sort_ro', 'x')",
]


@pytest.mark.parametrize("script", READ_ONLY)
def test_scripts_that_only_read(raw: RawPair, script: str) -> None:
    raw.ask("EVAL_RO", script, 0)
    raw.ask("EVAL", f"#!lua flags=no-writes\n{script}", 0)
    raw.ask("EVAL_RO", f"#!lua flags=no-writes\n{script}", 0)
    raw.ask("EVAL_RO", f"#!lua\n{script}", 0)
    raw.ask("EVAL", f"#!lua\n{script}", 0)


FIRST_LINES = [
    "#!lua",
    "#! lua",
    "#!",
    "#!js",
    "#!LUA",
    "#!/usr/bin/lua",
    "#!lua x",
    "#!lua name=x",
    "#!lua flags",
    "#!lua flags=",
    "#!lua flags=no-writes,x",
    "#!lua flags=no-writes,",
    "#!lua flags=,no-writes",
    "#!lua flags=No-Writes",
    "#!lua flags=no-writes,allow-oom,allow-stale,no-cluster,allow-cross-slot-keys",
    "#!lua flags=no-writes flags=allow-oom",
    "#!lua flags=no-writes ",
    "#!lua  flags=no-writes",
    "#!lua\tflags=no-writes",
    "#!lua flags=no-writes\r",
    "#!lua\r",
    "#!lua flags='no-writes'",
    '#!lua "flags=no-writes"',
    '#!lua "flags=no-writes',
    "# a comment",
]


@pytest.mark.parametrize("line", FIRST_LINES)
def test_first_lines(raw: RawPair, line: str) -> None:
    for rest in ["", "\n", "\nreturn redis.call('set', 'a', 1)", "\n\nerror('x')"]:
        raw.ask("EVAL", line + rest, 0)
        raw.ask("EVAL_RO", line + rest, 0)
        raw.ask("SCRIPT", "LOAD", line + rest)


COMMANDS: list[tuple[Any, ...]] = [
    ("set", "s", "10"),
    ("rpush", "l", "a", "b"),
    ("hset", "h", "a", "1", "b", "2"),
    ("sadd", "m", "x"),
    ("zadd", "z", "1.5", "a", "inf", "b"),
    ("get", "s"),
    ("get", "none"),
    ("incr", "s"),
    ("incrbyfloat", "s", "0.1"),
    ("lrange", "l", 0, -1),
    ("lpos", "l", "none"),
    ("lpop", "none", 5),
    ("hgetall", "h"),
    ("hmget", "h", "a", "none"),
    ("hrandfield", "h", 5, "withvalues"),
    ("smembers", "m"),
    ("smismember", "m", "x", "y"),
    ("zrange", "z", 0, -1, "withscores"),
    ("zscore", "z", "a"),
    ("zmscore", "z", "a", "none"),
    ("zpopmin", "z"),
    ("zrank", "z", "none"),
    ("type", "h"),
    ("exists", "s", "h", "none"),
    ("ping",),
    ("ping", "x"),
    ("echo", "x"),
    ("select", 1),
    ("ttl", "s"),
    ("set", "s", "x", "nx"),
    ("set", "s", "x", "get"),
    ("scan", 0, "match", "s"),
    ("lmpop", 1, "l", "left"),
    ("lmpop", 1, "none", "left"),
    ("object", "encoding", "s"),
    ("incr", "h"),
    ("zunion", 1, "m", "withscores"),
    ("blmpop", 0, 1, "none", "left"),
]


@pytest.mark.parametrize("resp", [2, 3])
def test_replies_of_commands(raw: RawPair, resp: int) -> None:
    """What a script is given, and what becomes of it when it returns it."""
    shown = """
        local function show(value)
            if type(value) ~= 'table' then return type(value) .. ' ' .. tostring(value) end
            local list = {}
            for key, item in pairs(value) do list[#list + 1] = tostring(key) .. '=' .. show(item) end
            table.sort(list)
            return '{' .. table.concat(list, ' ') .. '}'
        end
        redis.setresp({resp})
        return show(redis.pcall(unpack(ARGV)))
    """.replace("{resp}", str(resp))
    for words in COMMANDS:
        raw.ask("EVAL", shown, 0, *words)
        raw.ask("EVAL", f"redis.setresp({resp}) return redis.pcall(unpack(ARGV))", 0, *words, blur=unordered)


def test_a_script_is_one_change(raw: RawPair) -> None:
    others = raw.connect()
    for watcher in others:
        watcher.ask("WATCH", "a")
        watcher.ask("MULTI")
        watcher.ask("GET", "a")
    raw.ask("EVAL", "redis.call('set', 'a', 1) redis.call('set', 'b', 2) error('x')", 0)
    raw.ask("MGET", "a", "b")
    assert others[0].ask("EXEC") == others[1].ask("EXEC")


def test_who_waits_is_served_when_the_script_has_ended(raw: RawPair) -> None:
    waiting = raw.connect()
    waiting[0].send(b"BLPOP l 0\r\n")
    waiting[1].send(b"BLPOP l 0\r\n")
    assert not waiting[0].receive()
    assert waiting[1].silent()
    raw.ask("EVAL", "redis.call('rpush', 'l', 'a', 'b') return redis.call('rpop', 'l')", 0)
    assert waiting[0].receive() == waiting[1].reply()


def test_scripts_within_a_transaction(raw: RawPair) -> None:
    raw.ask("MULTI")
    raw.ask("SET", "a", "1")
    raw.ask("EVAL", "return redis.call('incr', KEYS[1])", 1, "a")
    raw.ask("EVAL", "return redis.call('lpush', KEYS[1], 1)", 1, "a")
    raw.ask("EVAL", "retur 1", 0)
    raw.ask("EVALSHA", "x" * 40, 0)
    raw.ask("EVAL", "return redis.call('multi')", 0)
    raw.ask("EXEC")
    raw.ask("GET", "a")


def test_the_database_that_a_script_selects_is_its_own(raw: RawPair) -> None:
    raw.ask("SELECT", 2)
    raw.ask("EVAL", "redis.call('set', 'a', 1) redis.call('select', 3) return redis.call('get', 'a')", 0)
    raw.ask("GET", "a")
    raw.ask("EVAL", "return redis.call('get', 'a')", 0)


def test_keys_do_not_expire_while_a_script_runs() -> None:
    """With the clock of the machine: a deadline that comes while the script runs is seen after it."""
    from kvlite import Store

    store = Store()
    script = """
        redis.call('set', KEYS[1], 'x', 'px', 30)
        local began = redis.call('time')
        repeat
            local now = redis.call('time')
        until (now[1] - began[1]) * 1000 + (now[2] - began[2]) / 1000 > 60
        return {redis.call('get', KEYS[1]), redis.call('pttl', KEYS[1])}
    """
    assert store.eval(script, 1, "a") == [b"x", 30]
    assert store.get("a") is None


def test_random_numbers_are_those_of_redis(raw: RawPair) -> None:
    for seed in [0, 1, -1, 5, 2**31, 2**40, 1.5]:
        script = f"math.randomseed({seed}) return {{tostring(math.random()), math.random(100)}}"
        raw.ask("EVAL", script, 0)
        raw.ask("EVAL", "return {tostring(math.random()), math.random(5), math.random(-7, 7)}", 0)
    for arguments in ["0", "5, 1", "1, 2, 3", "'x'", "2^31", "1.9", "-2147483648, 2147483647"]:
        raw.ask("EVAL", f"return math.random({arguments})", 0)
