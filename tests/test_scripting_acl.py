"""What users may do by scripts and functions: no more than without them, and told so in Redis's words."""

from __future__ import annotations

import re

import pytest
from raw import RawPair

pytest.importorskip("lupa.lua51", reason="scripts need the extra 'lua': pip install 'kvlite[lua]'")

RULES = [
    "~* &* +@all",
    "~* +@all -@write",
    "~* +@scripting +get",
    "~k* &c +@all",
    "%R~r* %W~w* %RW~k* +@all",
    "~* +@all -incr -config|set -client",
    "~* -@all +eval +evalsha +script|load +fcall +function|load +config|get +acl|whoami",
    "~* +@all -@dangerous",
    "~k* +@all (~x* +get) (%R~r* +@read -@scripting)",
    "~* +@all -@scripting",
    "~* +@read +@scripting",
    "resetkeys +@all",
    "~* resetchannels +@all",
]
BODIES = [
    "return redis.call('GET', 'k')",
    "return redis.call('GET', 'x')",
    "return redis.pcall('GET', 'x')",
    "return redis.call('SET', 'k', 1)",
    "return redis.pcall('SET', 'x', 1)",
    "return redis.call('SET', 'w', 1)",
    "return redis.call('SET', 'r', 1)",
    "return redis.call('GET', 'r')",
    "return redis.call('GET', 'w')",
    "return redis.call('COPY', 'r', 'w')",
    "return redis.call('COPY', 'w', 'r')",
    "return redis.call('INCR', 'k')",
    "return redis.call('PUBLISH', 'c', 'x')",
    "return redis.pcall('PUBLISH', 'd', 'x')",
    "return redis.call('CONFIG', 'GET', 'maxclients')",
    "return redis.pcall('CONFIG', 'SET', 'maxclients', 100)",
    "return redis.pcall('CLIENT', 'ID')",
    "return redis.call('ACL', 'WHOAMI')",
    "return redis.call('NOSUCH')",
    "return redis.call('GET')",
    "return redis.call('MGET', 'k', 'x', 'r')",
    "return redis.call('FLUSHALL')",
    "return redis.call('KEYS', '*')",
    "return redis.call('SORT', 'k', 'BY', 'x*')",
    "return {redis.acl_check_cmd('GET', 'x'), redis.acl_check_cmd('GET', 'k')}",
    "return {redis.acl_check_cmd('SET', 'r', 1), redis.acl_check_cmd('NOSUCH')}",
    "return {redis.acl_check_cmd('CONFIG', 'GET', 'x'), redis.acl_check_cmd('FLUSHALL')}",
    "redis.pcall('SET', 'x', 1) redis.call('SET', 'k', 2) return redis.call('GET', 'k')",
    "error('x')",
]
LIBRARY = "#!lua name=lib\n" + "".join(
    f"redis.register_function('f{number}', function(keys, args) {body} end)\n"
    for number, body in enumerate(BODIES)
)


@pytest.mark.parametrize("rules", RULES)
def test_users_may_do_by_scripts_what_they_may_do(raw: RawPair, rules: str) -> None:
    admin = raw.wire, raw.socket
    raw.ask("ACL", "SETUSER", "u", "reset", "on", ">p", *acl_words(rules))
    raw.ask("FUNCTION", "LOAD", LIBRARY)
    raw.ask("SET", "r", 1)
    raw.wire, raw.socket = raw.connect()
    raw.ask("AUTH", "u", "p")
    for number, body in enumerate(BODIES):
        raw.ask("EVAL", body, 0)
        raw.ask("EVAL", body, 1, "k")
        raw.ask("EVAL", body, 1, "x")
        raw.ask("EVAL_RO", body, 0)
        raw.ask("FCALL", f"f{number}", 0)
        raw.ask("FCALL", f"f{number}", 1, "x")
    raw.ask("FCALL_RO", "f0", 1, "k")
    raw.ask("FUNCTION", "LOAD", "REPLACE", LIBRARY)
    raw.ask("FUNCTION", "LIST", "LIBRARYNAME", "none")
    raw.ask("FUNCTION", "KILL")
    raw.ask("SCRIPT", "KILL")
    raw.ask("SCRIPT", "LOAD", "return 1")
    raw.ask("MULTI")
    raw.ask("EVAL", BODIES[1], 0)
    raw.ask("FCALL", "f1", 0)
    raw.ask("EXEC")
    raw.wire, raw.socket = admin
    log = raw.ask("ACL", "LOG", 128, blur=outlines)
    assert (b"reason" in log) == (rules != RULES[0])


def acl_words(rules: str) -> list[str]:
    """The words of rules; what is in parentheses is one."""
    return re.findall(r"\([^)]*\)|\S+", rules)


def outlines(reply: bytes) -> bytes:
    """Of each entry: how often, why, where, about what, and who."""
    return b"\n".join(
        b" ".join(entry)
        for entry in re.findall(
            rb"count\r\n(:\d+)\r\n\$\d+\r\nreason\r\n\$\d+\r\n(.*?)\r\n\$\d+\r\ncontext\r\n\$\d+\r\n(.*?)\r\n"
            rb"\$\d+\r\nobject\r\n\$\d+\r\n(.*?)\r\n\$\d+\r\nusername\r\n\$\d+\r\n(.*?)\r\n",
            reply,
        )
    ) or (b"reason" if b"reason" in reply else b"")
