"""Libraries of functions over the wire: what FUNCTION and FCALL answer, compared with Redis in every byte.

The order in which Redis lists libraries and functions means nothing, and is not compared.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from raw import RawPair, decoded, unordered

from kvlite.rdb.crc64 import crc64

pytest.importorskip("lupa.lua51", reason="functions need the extra 'lua': pip install 'kvlite[lua]'")


def library(name: str, *functions: str) -> str:
    """One whose functions answer their names."""
    registered = "".join(
        f"redis.register_function('{each}', function() return '{each}' end)\n" for each in functions
    )
    return f"#!lua name={name}\n{registered}"


def alike(reply: bytes) -> bytes:
    """Whichever of several doubles is named."""
    return re.sub(rb"(Function|Library) \w+ already", rb"\1 already", unordered(reply))


def load(raw: RawPair, code: str) -> bool:
    """Whether both have loaded it."""
    return raw.ask("FUNCTION", "LOAD", "REPLACE", "#!lua name=lib\n" + code).startswith(b"$")


REGISTERED_OR_NOT = [
    "",
    "return 5",
    "redis.register_function()",
    "redis.register_function('t')",
    "redis.register_function(1, 2)",
    "redis.register_function('t', 2)",
    "redis.register_function({}, function() end)",
    "redis.register_function(nil, function() end)",
    "redis.register_function('t', function() end, 3)",
    "redis.register_function(function() end)",
    "redis.register_function(12, function() end)",
    "redis.register_function(1.5, function() end)",
    "redis.register_function('a b', function() end)",
    "redis.register_function('', function() end)",
    "redis.register_function('a-b', function() end)",
    r"redis.register_function('a\0b', function() end)",
    "redis.register_function('ä', function() end)",
    "redis.register_function('_A_1', function() end)",
    "redis.register_function('a', function() end) redis.register_function('a', function() end)",
    "redis.register_function('t', redis.register_function)",
    "redis.register_function{}",
    "redis.register_function{1}",
    "redis.register_function{x = 1}",
    "redis.register_function{[true] = 1}",
    "redis.register_function{[1] = 't', callback = function() end}",
    "redis.register_function{function_name = 1}",
    "redis.register_function{function_name = {}}",
    "redis.register_function{function_name = 't'}",
    "redis.register_function{function_name = 13, callback = function() end}",
    "redis.register_function{function_name = 'x y', callback = function() end}",
    "redis.register_function{callback = function() end}",
    "redis.register_function{function_name = 't', callback = 1}",
    "redis.register_function{function_name = 't', callback = function() end, description = 'what it is'}",
    r"redis.register_function{function_name = 't', callback = function() end, description = 'd\0x'}",
    "redis.register_function{function_name = 't', callback = function() end, description = 5}",
    "redis.register_function{function_name = 't', callback = function() end, description = ''}",
    "redis.register_function{function_name = 't', callback = function() end, description = {}}",
    "redis.register_function{FUNCTION_NAME = 't', Callback = function() end}",
    "redis.register_function{function_name = 't', callback = function() end, flags = 1}",
    "redis.register_function{function_name = 't', callback = function() end, flags = {}}",
    "redis.register_function{function_name = 't', callback = function() end, flags = {'x'}}",
    "redis.register_function{function_name = 't', callback = function() end, flags = {1}}",
    "redis.register_function{function_name = 't', callback = function() end, flags = {{}}}",
    "redis.register_function{function_name = 't', callback = function() end, flags = {x = 'no-writes'}}",
    "redis.register_function{function_name = 't', callback = redis.log, flags = {'no-writes', nil, 'x'}}",
    "redis.register_function{function_name = 't', callback = function() end, flags = {'No-Writes'}}",
    "redis.register_function{function_name = 't', callback = function() end, flags = {"
    "'no-cluster', 'allow-cross-slot-keys', 'allow-stale', 'allow-oom', 'no-writes', 'no-writes'}}",
    "local t = redis.register_function t('t', function() end)",
    "if redis.REDIS_VERSION_NUM > 0 then redis.register_function('t', function() end) end",
]


@pytest.mark.parametrize("code", REGISTERED_OR_NOT)
def test_registering(raw: RawPair, code: str) -> None:
    if load(raw, code):
        raw.ask("FUNCTION", "LIST", blur=unordered)
        raw.ask("FUNCTION", "LIST", "WITHCODE", blur=unordered)
    raw.ask("FUNCTION", "STATS")


LOADED_OR_NOT = [
    "x = 1",
    "local y = x",
    "local y = math",
    "local y = _G",
    "pairs({})",
    "error('x')",
    "local a = nil + 1",
    "redis.call('get', 'x')",
    "redis.setresp(3)",
    "redis.sha1hex('')",
    "redis.set_repl(1)",
    "redis.acl_check_cmd('get')",
    "redis.x = 1",
    "redis = nil",
    "redis.log(1)",
    "redis.log('x', 'y')",
    "redis.log(redis.LOG_DEBUG, 'x')",
    "local y = redis.LOG_WARNING + redis.LOG_NOTICE + redis.LOG_VERBOSE",
    "local y = redis.REPL_ALL",
    "local y = redis.REDIS_VERSION .. 'x'",
    "local y = ('x'):rep(3)",
    "local function f() f() end f()",
    "x(",
    "return",
    "\0",
    "-- a comment \0",
    "local s = '\0'",
]


@pytest.mark.parametrize("code", LOADED_OR_NOT)
def test_loading(raw: RawPair, code: str) -> None:
    load(raw, code + "\nredis.register_function('t', function() return 1 end)")
    raw.ask("FUNCTION", "LIST", "WITHCODE", blur=unordered)


def test_loading_takes_only_so_long(raw: RawPair) -> None:
    load(raw, "redis.register_function('t', function() end) while true do end")
    raw.ask("FUNCTION", "LIST")


FIRST_LINES = [
    *("", "x\n", "\n#!lua name=a\n", "#!", "#!\n", "#!lua", "#!lua\n", "#!lua name\n", "#!lua name=\n"),
    *(
        "#!lua name=a b\n",
        "#!lua name='a b'\n",
        "#!lua name=a name=b\n",
        "#!lua NAME=a\n",
        "#!lua name=a x=1\n",
    ),
    *("#!LUA name=a\n", "#!js name=a\n", "#! name=a\n", "#!lua name='a\n", "#!lua name=a\r\n"),
    *('#!lua name="a"\n', '#!lua "name=a"\n', "#!lua name=a\0b\n", "#!lua\0 name=a\n", "#!lua\tname=a\n"),
    *("#!lua name=a flags=no-writes\n", "#!lua name=ä\n", "#!js\n", "#!js name=ä\n", "#!js name=a name=b\n"),
    *("#! lua name=a\n", "#!lua name=a_1Z\n", "#!lua name=$\n", "#!lua name=a engine=x\n"),
]


@pytest.mark.parametrize("line", FIRST_LINES)
def test_first_lines(raw: RawPair, line: str) -> None:
    raw.ask("FUNCTION", "LOAD", line + "redis.register_function('t', function() end)")
    raw.ask("FUNCTION", "LIST")


def test_loading_where_something_is(raw: RawPair) -> None:
    for words in [
        [library("a", "f")],
        [library("a", "g")],
        [library("A", "g", "h")],
        [library("b", "F")],
        [library("b", "i", "f", "g")],
        ["REPLACE", library("b", "g")],
        ["replace", library("a", "f2")],
        ["REPLACE", "REPLACE", library("a", "f3", "f2")],
        ["REPLACE", library("a", "h")],
        ["REPLACE", "#!lua name=a\nx("],
        ["x", library("c", "x")],
        ["REPLACE", "x", library("c", "x")],
        ["REPLACE"],
    ]:
        raw.ask("FUNCTION", "LOAD", *words, blur=alike)
        for name in ["f", "F", "g", "G", "h", "f2", "f3"]:
            raw.ask("FCALL", name, 0)
        raw.ask("FUNCTION", "LIST", blur=unordered)
        raw.ask("FUNCTION", "STATS")


@pytest.mark.parametrize("command", ["FCALL", "FCALL_RO"])
def test_arguments_of_calls(raw: RawPair, command: str) -> None:
    load(
        raw,
        "redis.register_function('f', function(...) return {select('#', ...), ...} end)"
        "redis.register_function{function_name = 'ro', flags = {'no-writes'}, callback = function(keys, args)"
        " return {#keys, #args, keys, args} end}",
    )
    for name in ["f", "ro", "RO", "none"]:
        raw.ask(command, name)
        for words in [
            *(["0"], ["x"], ["-1"], [" 1", "a"], ["99999999999999999999"], ["2", "a"], ["1"], ["1", "a"]),
            *(["0", "a"], ["2", "a", "b", "c"], ["300", *range(600)], ["1", b"\xff\0\r\n", ""]),
        ]:
            raw.ask(command, name, *words)
    raw.ask(command)


CALLS = [
    "return {ok = 'a'}",
    "return {err = 'ERR x'}",
    "return {1, 2.9, 'x', true, false, nil, 5}",
    "return 3.7",
    "return",
    "error('x')",
    "error({err = 'My error'})",
    "error(5)",
    "error()",
    "error(true)",
    "return redis.error_reply('MY error')",
    "return redis.call('nosuch')",
    "return redis.pcall('nosuch')",
    "redis.call('set', 'a')",
    "redis.call('lpush', keys[1], 1) return redis.call('incr', keys[1])",
    "return redis.call('fcall', 'f', 0)",
    "return redis.call('function', 'list')",
    "return redis.call('eval', 'return 1', 0)",
    "x = 1",
    "return x",
    "return KEYS",
    "return ARGV",
    "_G.x = 1",
    "rawset(_G, 'x', 1)",
    "return _G._G == _G",
    "return loadstring('return math.pi')()",
    "return loadstring('x = 1')()",
    "return loadstring('return x')()",
    "return redis.register_function",
    "return tostring(redis.breakpoint)",
    "return tostring(redis.replicate_commands)",
    "return __redis__err__handler",
    "redis.setresp(3) return redis.call('hgetall', 'none')",
    "return redis.call('hgetall', 'none')",
    "return redis.set_repl(redis.REPL_ALL)",
    "return redis.REDIS_VERSION",
    "return redis.acl_check_cmd('get', 'x')",
    "return redis.sha1hex('x')",
    "local function f() f() end f()",
    "return cjson.decode('x')",
    "return cjson.encode({keys, args})",
    "return cjson.encode(function() end)",
    "return {pcall(function() error('x') end)}",
    "local a = nil + 1",
    "return math.random()",
    "return table.concat({1, {}})",
    "return unpack({}, 1, 1e8)",
]


@pytest.mark.parametrize("body", CALLS)
def test_what_functions_answer(raw: RawPair, body: str) -> None:
    code = "redis.register_function('other', function() return 1 end)\n"
    code += f"local function f(keys, args)\n\n{body}\nend\n"
    load(
        raw,
        code + "redis.register_function('f', f)\nredis.register_function('last', function() return 2 end)",
    )
    raw.ask("FCALL", "f", 1, "k", "v")
    raw.ask("FCALL", "f", 1, "k", "v")


def test_functions_that_write_or_not(raw: RawPair) -> None:
    load(
        raw,
        "redis.register_function('set', function(k) return redis.call('set', k[1], 1) end)"
        "local function set(keys) return redis.call('set', keys[1], 1) end\n"
        "local function get(keys) return redis.call('get', keys[1]) end\n"
        "redis.register_function{function_name = 'bad', callback = set, flags = {'no-writes'}}"
        "redis.register_function{function_name = 'get', callback = get, flags = {'no-writes'}}",
    )
    for name in ["set", "bad", "get"]:
        raw.ask("FCALL", name, 1, "a")
        raw.ask("FCALL_RO", name, 1, "a")


def test_what_can_be_reached_is_what_redis_has(raw: RawPair) -> None:
    load(
        raw,
        """
        local function all()
            local seen, found = {}, {}
            local function walk(value, path)
                found[#found + 1] = path .. ' ' .. type(value)
                if type(value) ~= 'table' or seen[value] then return end
                seen[value] = true
                for key, item in pairs(value) do walk(item, path .. '.' .. tostring(key)) end
                local metatable = getmetatable(value)
                if metatable then walk(metatable, path .. '<>') end
            end
            walk(_G, 'G')
            table.sort(found)
            return found
        end
        redis.register_function('all', all)
        """,
    )
    raw.ask("FCALL", "all", 0)


def test_libraries_keep_what_they_have(raw: RawPair) -> None:
    code = """
        local count, sleeper = 0
        local function counted()
            count = count + 1
            return count
        end
        local function woken()
            sleeper = sleeper or coroutine.wrap(function()
                local times = 0
                while true do
                    times = times + 1
                    coroutine.yield(times)
                end
            end)
            return sleeper()
        end
        redis.register_function('counted', counted)
        redis.register_function('woken', woken)
    """
    load(raw, code)
    for _ in range(3):
        raw.ask("FCALL", "counted", 0)
        raw.ask("FCALL", "woken", 0)
    raw.ask("FUNCTION", "LOAD", library("other", "x"))
    raw.ask("FCALL", "counted", 0)
    load(raw, code + "--")
    raw.ask("FCALL", "counted", 0)


def test_registering_when_called(raw: RawPair) -> None:
    load(
        raw,
        "local register = redis.register_function\n"
        "redis.register_function('f', function() return register('g', register) end)",
    )
    raw.ask("FCALL", "f", 0)


def test_requests(raw: RawPair) -> None:
    raw.ask("FUNCTION", "LOAD", library("a", "f"))
    raw.ask("FUNCTION", "LOAD", library("bB", "g", "h"))
    for line in [
        *("", "x", "HELP x", "LOAD", "LIST x", "LIST LIBRARYNAME", "LIST LIBRARYNAME a"),
        *(
            "LIST libraryname A*",
            "LIST LIBRARYNAME BB",
            "LIST LIBRARYNAME [a-z] withcode",
            "LIST LIBRARYNAME x",
        ),
        *("LIST WITHCODE WITHCODE", "LIST LIBRARYNAME a LIBRARYNAME b", "LIST WITHCODE LIBRARYNAME a"),
        *("STATS", "STATS x", "KILL", "KILL x", "DUMP x", "DELETE", "DELETE x", "DELETE A", "DELETE a b"),
        *("DELETE a", "DELETE a", "LIST", "RESTORE", "RESTORE x", "RESTORE x y", "RESTORE x FLUSH z"),
        *(
            "RESTORE x APPEND",
            "FLUSH x",
            "FLUSH SYNC x",
            "LIST",
            "FLUSH async",
            "LIST",
            "FLUSH SYNC",
            "FLUSH",
        ),
        "DUMP",
    ]:
        raw.ask("FUNCTION", *line.split(), blur=unordered)


def test_within_a_transaction(raw: RawPair) -> None:
    raw.ask("FUNCTION", "LOAD", library("a", "f"))
    for line in [
        *(
            "MULTI",
            "FCALL f 0",
            "FCALL none 0",
            "FCALL f x",
            "FUNCTION LIST",
            "FUNCTION STATS",
            "FUNCTION KILL",
        ),
        *("FUNCTION DELETE a", "FCALL f 0", "FUNCTION x", "FCALL", "EXEC", "FUNCTION LIST"),
        *("MULTI", "FUNCTION FLUSH", "FCALL f 0", "EXEC", "FUNCTION LIST"),
    ]:
        raw.ask(*line.split())


def test_flushall_leaves_functions(raw: RawPair) -> None:
    raw.ask("FUNCTION", "LOAD", library("a", "f"))
    for line in ["FLUSHALL", "FCALL f 0", "SELECT 3", "FCALL f 0", "FLUSHDB", "SWAPDB 0 3", "FUNCTION LIST"]:
        raw.ask(*line.split())


def test_what_commands_say_of_themselves(raw: RawPair) -> None:
    for line in [
        "COMMAND GETKEYS FCALL f 2 a b c",
        "COMMAND GETKEYS FCALL f 0 c",
        "COMMAND GETKEYSANDFLAGS FCALL_RO f 1 a b",
        "ACL CAT scripting",
    ]:
        raw.ask(*line.split(), blur=unordered)


WHERE_MEMORY_IS_FULL = {
    "set": "return redis.call('SET', 'k', 'v')",
    "get": "return redis.call('GET', 'k')",
    "del": "return redis.call('DEL', 'k')",
    "both": "redis.call('DEL', 'k') return redis.call('SET', 'k', 'w')",
    "tries": "return redis.pcall('SET', 'k', 'v')",
}


def test_what_runs_where_memory_is_full(raw: RawPair) -> None:
    code = ""
    for name, body in WHERE_MEMORY_IS_FULL.items():
        code += f"redis.register_function('{name}', function() {body} end)\n"
        for flag in ("no-writes", "allow-oom"):
            code += f"redis.register_function{{function_name = '{name}_{flag[:2]}', flags = {{'{flag}'}}, "
            code += f"callback = function() {body} end}}\n"
    load(raw, code)
    raw.ask("SET", "k", "v")
    raw.ask("SET", "other", "x" * 100)
    raw.ask("CONFIG", "SET", "maxmemory", 1)
    for name, body in WHERE_MEMORY_IS_FULL.items():
        for command in ("FCALL", "FCALL_RO"):
            for suffix in ("", "_no", "_al"):
                raw.ask(command, name + suffix, 0)
        for command in ("EVAL", "EVAL_RO"):
            for line in ("", "#!lua\n", "#!lua flags=allow-oom\n", "#!lua flags=no-writes\n"):
                raw.ask(command, line + body, 0)
    for words in [("LOAD", library("a", "a")), ("RESTORE", "x"), ("DELETE", "x"), ("FLUSH",), ("LIST",)]:
        raw.ask("FUNCTION", *words)
    for words in [("MULTI",), ("FCALL", "set", 0), ("EXEC",)]:
        raw.ask(*words)


# Payloads


def payload(reply: bytes) -> bytes:
    found = decoded(reply)
    assert isinstance(found, bytes)
    return found


def sealed(body: bytes, version: int = 10) -> bytes:
    body += version.to_bytes(2, "little")
    return body + crc64(body).to_bytes(8, "little")


def test_a_payload_is_that_of_redis(raw: RawPair) -> None:
    raw.ask("FUNCTION", "LOAD", library("a", "f"))
    dumped = payload(raw.ask("FUNCTION", "DUMP"))
    raw.ask("FUNCTION", "LOAD", "REPLACE", library("a", *(f"name_{number}" for number in range(50))))
    assert len(payload(raw.ask("FUNCTION", "DUMP"))) < 2000, "it is compressed"
    raw.ask("FUNCTION", "RESTORE", dumped, "FLUSH")
    raw.ask("FUNCTION", "LIST", "WITHCODE")


def test_each_restores_what_the_other_dumps(raw: RawPair) -> None:
    for code in [library("a", "f"), library("b", "g", "h"), library("c", *(f"name_{n}" for n in range(200)))]:
        raw.ask("FUNCTION", "LOAD", code)
    theirs, own = (payload(side.ask("FUNCTION", "DUMP")) for side in (raw.socket, raw.wire))
    for dumped in (theirs, own):
        raw.ask("FUNCTION", "FLUSH")
        raw.ask("FUNCTION", "RESTORE", dumped)
        raw.ask("FUNCTION", "LIST", "WITHCODE", blur=unordered)
        raw.ask("FCALL", "name_199", 0)


@pytest.mark.parametrize("policy", [[], ["APPEND"], ["replace"], ["FLUSH"]])
@pytest.mark.parametrize(
    "present",
    [
        [],
        [("a", "f")],
        [("b", "h")],
        [("c", "x"), ("d", "y")],
        [("c", "F")],
        [("a", "x"), ("b", "g")],
        [("a", "g"), ("c", "x")],
    ],
    ids=str,
)
def test_restoring_where_something_is(
    raw: RawPair, present: list[tuple[str, str]], policy: list[str]
) -> None:
    raw.ask("FUNCTION", "LOAD", library("a", "f"))
    first = payload(raw.ask("FUNCTION", "DUMP"))
    raw.ask("FUNCTION", "LOAD", "REPLACE", library("a", "f"))
    raw.ask("FUNCTION", "FLUSH")
    raw.ask("FUNCTION", "LOAD", library("b", "g"))
    second = payload(raw.ask("FUNCTION", "DUMP"))
    raw.ask("FUNCTION", "FLUSH")
    for name, function in present:
        raw.ask("FUNCTION", "LOAD", library(name, function))
    raw.ask("FUNCTION", "RESTORE", sealed(first[:-10] + second[:-10]), *policy, blur=alike)
    raw.ask("FUNCTION", "LIST", blur=unordered)
    for function in "fghxy":
        raw.ask("FCALL", function, 0)


CODE = library("l", "f").encode()
STRING = bytes([0x40, len(CODE)]) + CODE


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xf5", b"\xf5\x00", b"\xf5\x05abc", b"\xf5\xc0\x01", b"\xf5" + STRING, b"\xf5" + STRING * 2),
        *(b"\xf5" + STRING + b"\xf5" + STRING, b"\xf5" + STRING + b"\x00", b"\xf5\xff", b"\xf5\x03x\n("),
        *(b"\xf5\x40\xff" + CODE, b"\x00", b"\xf5\xc3\x01\x01\x01", b"\xf5\x82", b"\xf5\x80\xff\xff\xff\xff"),
        b"\xf5" + STRING.replace(b"return", b"retur "),
    ],
)
def test_bad_payloads(raw: RawPair, body: bytes) -> None:
    raw.ask("FUNCTION", "LOAD", library("k", "k"))
    for policy in ["FLUSH", "APPEND"]:
        raw.ask("FUNCTION", "RESTORE", sealed(body), policy)
        raw.ask("FUNCTION", "LIST", blur=unordered)
    for version in (9, 11):
        raw.ask("FUNCTION", "RESTORE", sealed(body, version), "REPLACE")
    raw.ask("FUNCTION", "RESTORE", sealed(body)[:-1] + b"x", "REPLACE")
    raw.ask("FUNCTION", "RESTORE", body, "x")


BODY = b"redis.register_function('f', function() return 1 end)"
EARLY = b"\xf6\x01l\x03LUA\x00" + bytes([len(BODY)]) + BODY


@pytest.mark.parametrize(
    "body",
    [
        *(EARLY, EARLY + EARLY, EARLY.replace(b"LUA\x00", b"lua\x01\x04text"), EARLY + b"\xf5" + STRING),
        *(EARLY.replace(b"LUA", b"LUB"), EARLY.replace(b"\x01l", b"\x01-"), EARLY.replace(b"\x01l", b"\x00")),
        *(EARLY.replace(b"return 1", b"return\x001"), *(EARLY[:size] for size in range(1, 9)), EARLY[:20]),
        *(EARLY[:7] + part for part in (b"\x01", b"\x01\x02x", b"\x01\x02xx", b"\xff", b"\x80\xff")),
    ],
)
def test_libraries_of_release_candidates(raw: RawPair, body: bytes) -> None:
    """In 7.0-rc1 and rc2 their names and engines were beside their code."""
    raw.ask("FUNCTION", "RESTORE", sealed(body))
    raw.ask("FUNCTION", "LIST", "WITHCODE", blur=unordered)
    raw.ask("FCALL", "f", 0)


# Histories


NAMES = st.sampled_from("abc")
FUNCTIONS = st.lists(st.sampled_from("fFghijk"), min_size=1, max_size=3, unique_by=str.lower)


@st.composite
def requests(draw: DrawFn) -> tuple[str, ...]:
    kind = draw(st.sampled_from(["load", "load", "replace", "delete", "call", "flush", "again"]))
    if kind == "load":
        return "FUNCTION", "LOAD", library(draw(NAMES), *draw(FUNCTIONS))
    if kind == "replace":
        return "FUNCTION", "LOAD", "REPLACE", library(draw(NAMES), *draw(FUNCTIONS))
    if kind == "delete":
        return "FUNCTION", "DELETE", draw(NAMES)
    if kind == "call":
        return "FCALL", draw(st.sampled_from("fFghijk")), "0"
    if kind == "flush":
        return "FUNCTION", "FLUSH"
    return "FUNCTION", "RESTORE", draw(st.sampled_from(["FLUSH", "APPEND", "REPLACE"]))


@given(st.lists(requests(), max_size=20))
def test_histories(raw: RawPair, history: list[tuple[str, ...]]) -> None:
    raw.reset()
    dumped = sealed(b"")
    for words in history:
        if words[1] == "RESTORE":
            raw.ask(*words[:2], dumped, words[2], blur=alike)
            dumped = payload(raw.wire.ask("FUNCTION", "DUMP"))
        else:
            raw.ask(*words, blur=alike)
        raw.ask("FUNCTION", "LIST", "WITHCODE", blur=unordered)
        raw.ask("FUNCTION", "STATS")
