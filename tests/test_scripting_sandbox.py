"""What a script cannot do: reach Python, keep something for the next script, or take the process with it."""

from __future__ import annotations

import contextlib
import threading

import pytest
from raw import RawPair, Wire

from kvlite import ResponseError, Store
from kvlite.wire.table import ROWS

pytest.importorskip("lupa.lua51", reason="scripts need the extra 'lua': pip install 'kvlite[lua]'")


@pytest.fixture
def store() -> Store[bytes]:
    return Store()


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> Store[bytes]:
    """A store whose scripts have 16 MB."""
    monkeypatch.setattr("kvlite.wire.lua.engine.MEMORY", 16 * 1024 * 1024)
    return Store()


def test_what_can_be_reached_is_what_redis_has(raw: RawPair) -> None:
    """Every name that leads from the globals anywhere, with the type of what is there."""
    raw.ask(
        "EVAL",
        """
        local seen, found = {}, {}
        local function walk(value, path)
            found[#found + 1] = path .. ' ' .. type(value)
            if type(value) ~= 'table' or seen[value] then return end
            seen[value] = true
            for key, item in pairs(value) do walk(item, path .. '.' .. tostring(key)) end
            local metatable = getmetatable(value)
            if metatable then walk(metatable, path .. '<>') end
        end
        walk(getmetatable('').__index, 'text')
        seen = {}
        walk(_G, 'G')
        table.sort(found)
        return found
        """,
        0,
    )


def test_what_stands_for_null_can_do_nothing(raw: RawPair) -> None:
    for script in [
        "return getmetatable(cjson.null)",
        "return cjson.null.x",
        "cjson.null.x = 1",
        "return cjson.null()",
        "return #cjson.null",
        "return cjson.null .. 'x'",
        "return cjson.null < cjson.null",
        "return cjson.null == nil",
        "return tostring(cjson.null)",
        "return setmetatable(cjson.null, {})",
        "return rawget(cjson.null, 'x')",
        "error(cjson.null)",
        "return type(select(2, pcall(error, cjson.null)))",
        "return redis.call(cjson.null)",
        "return redis.call('get', cjson.null)",
        "return redis.sha1hex(cjson.null)",
        "return redis.error_reply(cjson.null)",
        "return bit.band(cjson.null)",
        "return struct.pack('s', cjson.null)",
        "return struct.unpack('s', cjson.null)",
        "return cmsgpack.unpack(cjson.null)",
        "return cjson.decode(cjson.null)",
        "return cjson.encode({cjson.null, {x = cjson.null}})",
        "return math.random(cjson.null)",
        "return {[cjson.null] = 1}",
    ]:
        raw.ask("EVAL", script, 0)


LIBRARY_CALLS = [
    *(
        "redis.call",
        "redis.call, 'nosuch'",
        "redis.call, {}",
        "redis.acl_check_cmd",
        "redis.sha1hex",
        "redis.log",
    ),
    *(
        "redis.setresp, 9",
        "redis.set_repl",
        "cjson.decode, 'x'",
        "cjson.decode",
        "cjson.encode, print_",
        "bit.band",
    ),
    *("cjson.encode_max_depth, 0", "cmsgpack.unpack, '\\193'", "cmsgpack.unpack, '\\129\\192\\1'"),
    *(
        "struct.pack, 'y'",
        "struct.unpack, 'i', ''",
        "math.random, 0",
        "cmsgpack.pack",
        "string.find, 'x', '['",
    ),
]


@pytest.mark.parametrize("call", LIBRARY_CALLS)
def test_errors_are_plain_however_they_are_caught(raw: RawPair, call: str) -> None:
    """No object of Python comes out of what fails, and what comes out is what Redis has."""
    raw.ask(
        "EVAL",
        f"""
        local print_ = redis.call
        local function shown(problem)
            if type(problem) ~= 'table' then return type(problem) .. ' ' .. tostring(problem) end
            local list = {{}}
            for key, value in pairs(problem) do list[#list + 1] = key .. '=' .. shown(value) end
            table.sort(list)
            return table.concat(list, ' ')
        end
        local function fail() local r = ({call.partition(",")[0]})({call.partition(",")[2]}) return r end
        local co = coroutine.create(fail)
        local outcomes = {{}}
        for _, problem in ipairs({{
            (select(2, pcall({call}))),
            (select(2, pcall(fail))),
            (select(2, pcall(fail, 1))),
            (select(2, xpcall(fail, function(problem) return problem end))),
            (select(2, coroutine.resume(co))),
            (select(2, pcall(table.sort, {{1, 2}}, fail))),
            (select(2, load(fail))),
        }}) do outcomes[#outcomes + 1] = shown(problem) end
        return outcomes
        """.replace(f"({call.partition(',')[2]})", f"({call.partition(',')[2].strip()})"),
        0,
    )


def test_functions_that_are_handed_around(raw: RawPair) -> None:
    """A library is given functions of its own and of others, alone, in tables and in great numbers."""
    for script in [
        "return {redis.call, {redis.pcall}, x = bit.band}",
        "return cjson.encode({a = {redis.call}})",
        "return cjson.encode({[redis.call] = 1})",
        "return cmsgpack.pack({redis.call, [bit.band] = redis.call})",
        "return redis.call(redis.call)",
        "return redis.call('get', redis.call)",
        "return bit.band(bit.bor, 1)",
        "return struct.pack('s', struct.pack)",
        "local t = {} for i = 1, 7900 do t[i] = redis.call end return redis.pcall(unpack(t))",
        "local t = {} for i = 1, 7900 do t[i] = 1 end return bit.bor(unpack(t))",
        "local t = {} for i = 1, 7900 do t[i] = 'k' end return redis.call('exists', unpack(t))",
    ]:
        raw.ask("EVAL", script, 0)


def test_bytecode_is_not_loaded(raw: RawPair) -> None:
    for script in [
        "return loadstring(string.dump(function() return 1 end))",
        "return loadstring(string.dump(function() return 1 end), '=x')",
        "return load(function() return string.dump(function() return 1 end) end)",
        "local n = 0 return load(function() n = n + 1 if n < 2 then return string.dump(load) end end)",
        "local n = 0 return load(function() n = n + 1 if n < 2 then return '\27Lua' end end)",
        "return pcall(loadstring(string.dump(loadstring('return 1'))))",
    ]:
        raw.ask("EVAL", script, 0)
    raw.ask("EVAL", b"\x1bLuaQ\0\1\4\x08\4\x08\0", 0)


NOTHING_STAYS = [
    "rawset(_G, 'x', 1)",
    "_G.x = 1",
    "x = 1",
    "string.x = 1",
    "redis.x = 1",
    "KEYS.x = 1",
    "ARGV[1] = 1",
    "table.insert(_G, 1)",
    "table.insert(redis, 1)",
    "table.insert(string, 1)",
    "setmetatable(_G, {__index = function() return 1 end})",
    "getmetatable(_G).__index = function() return 1 end",
    "getmetatable('').x = 1",
    "loadstring('x = 1')()",
    "coroutine.wrap(function() x = 1 end)()",
    "string.rep = nil",
    "cjson.encode = nil",
    "getmetatable('').__index = nil",
]


@pytest.mark.parametrize("script", NOTHING_STAYS)
def test_nothing_stays_for_the_next_script(store: Store[bytes], script: str) -> None:
    with contextlib.suppress(ResponseError):
        store.eval(f"pcall(function() {script} end) {script}", 0)
    seen = store.eval(
        "return {rawget(_G, 'x') or 0, #_G, #KEYS, #ARGV, #redis, string.x or 0, redis.x or 0, ('x').x or 0, "
        "KEYS.x or 0, (pcall(function() return x end)) and 1 or 0, ('a'):rep(2), cjson.encode(1)}",
        0,
    )
    assert seen == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"aa", b"1"]


def test_a_collector_that_was_stopped_goes_on(tight: Store[bytes]) -> None:
    tight.eval("collectgarbage('stop') collectgarbage('setpause', 100000)", 0)
    for _ in range(20):
        assert tight.eval("for i = 1, 1000 do local s = ('x'):rep(10000) .. i end return 1", 0) == 1


def test_coroutines_leave_nothing_behind(tight: Store[bytes]) -> None:
    for _ in range(20):
        script = "for i = 1, 5000 do coroutine.resume(coroutine.create(function() coroutine.yield() end)) end"
        tight.eval(script, 0)


GLUTTONS = [
    "local s = 'x' while true do s = s .. s end",
    "local t = {} while true do t[#t + 1] = {} end",
    "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
    "local t = {} while true do t[#t + 1] = redis.call('get', 'large') .. #t end",
    "local t = {} while true do t[#t + 1] = redis.call('lrange', 'list', 0, -1) end",
    "local t = {} while true do t[#t + 1] = cjson.decode('[' .. ('[1],'):rep(1000) .. '1]') end",
    "local t = {} while true do t[#t + 1] = {cmsgpack.unpack(('\\145\\1'):rep(1000))} end",
    "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
    "return cjson.decode('[' .. ('[],'):rep(400000) .. '1]')",
    "local t = {} while true do pcall(function() t[#t + 1] = redis.call('lrange', 'list', 0, -1) end) end",
    "local t = {} while true do t[#t + 1] = loadstring('return ' .. #t) end",
    "return ('x'):rep(2 ^ 30)",
    "return ARGV[1]",
    "local t = {} for i = 1, 1000000 do t = {t} end return cmsgpack.pack(t)",
    "cjson.encode_max_depth(2 ^ 30) local t = {} t[1] = t return cjson.encode(t)",
    "cjson.encode_sparse_array(true, 0, 0) return cjson.encode({[100000000] = 1})",
    "cjson.encode_sparse_array(true, 0, 0) pcall(cjson.encode, {[100000000] = 1}) error('x')",
]


@pytest.mark.parametrize("script", GLUTTONS)
def test_memory_has_a_limit(tight: Store[bytes], script: str) -> None:
    tight.set("large", b"x" * 1_000_000)
    tight.rpush("list", *(b"%d" % number for number in range(1000)))
    argument = b"x" * (20_000_000 if "ARGV" in script else 0)
    with pytest.raises(ResponseError, match="not enough memory|script"):
        tight.eval(script, 0, argument)
    assert tight.eval("return {#redis.call('get', KEYS[1]), #ARGV}", 1, "large", *range(1000)) == [
        1_000_000,
        1000,
    ]


def test_a_library_may_fill_the_memory_of_functions(tight: Store[bytes]) -> None:
    """Scripts have a memory of their own. It is freed when the library goes."""
    tight.function_load(
        """#!lua name=glutton
        local kept = {}
        redis.register_function('eat', function() while true do kept[#kept + 1] = {} end end)
        """
    )
    small = "#!lua name=small\nredis.register_function('small', function() return 1 end)"
    for _ in range(3):
        with pytest.raises(ResponseError, match="not enough memory"):
            tight.fcall("eat", 0)
        with pytest.raises(ResponseError, match="not enough memory"):
            tight.function_load(small)
        assert tight.eval("return #('x'):rep(1000000)", 0) == 1_000_000
    tight.function_delete("glutton")
    tight.function_load(small)
    assert tight.fcall("small", 0) == 1


def test_a_script_that_lacks_memory_may_go_on(tight: Store[bytes]) -> None:
    caught = tight.eval("return {pcall(function() local s = 'x' while true do s = s .. s end end)}", 0)
    assert caught == [None, b"not enough memory"]


DANGEROUS = [
    "return string.find(('a'):rep(300000), ('a?'):rep(300000))",
    "return ('a'):rep(300000):match(('(a)'):rep(300000))",
    "return ('x'):gsub(('x-'):rep(300000), '')",
    "return unpack({}, 0, 2 ^ 31 - 1)",
    "return unpack({}, -2 ^ 31, 3)",
    "return unpack({}, 1, 2 ^ 53)",
    "return unpack({}, -2 ^ 53)",
    "local function f() return 1 + f() end return f()",
    "local co co = coroutine.wrap(function() return co() end) return co()",
    "local function deeper() return coroutine.wrap(deeper)() end return deeper()",
    "return loadstring('return ' .. ('('):rep(100000) .. '1' .. (')'):rep(100000))",
    "return loadstring('return ' .. ('{'):rep(100000))",
    "local t = {} t[1] = t return #cjson.encode(t)",
    "cjson.decode_max_depth(1000000) return cjson.decode(('['):rep(100000))",
    "return cmsgpack.unpack(('\\145'):rep(100000))",
    "local t = {} t.__index = t setmetatable(t, t) return t.x",
    "local t = setmetatable({}, {}) getmetatable(t).__tostring = tostring error(tostring(t))",
    "return table.concat({1, 2, 3}, ',', 1, 2 ^ 31)",
    "return struct.pack('!' .. ('i'):rep(9000), 1)",
    "return struct.unpack(('b'):rep(9000), ('x'):rep(9000))",
    "return cmsgpack.unpack(('\\1'):rep(9000))",
    "error(setmetatable({}, {__index = function() error('x') end}))",
    "error({})",
    "error({err = {}})",
]


@pytest.mark.parametrize("script", DANGEROUS)
def test_what_would_break_lua_is_an_error(store: Store[bytes], script: str) -> None:
    with contextlib.suppress(ResponseError):
        store.eval(script, 0)
    assert store.eval("return 1", 0) == 1


def test_replies_are_nested_only_so_deep(store: Store[bytes]) -> None:
    """Redis stops at 7995 levels, which few clients can read."""
    for protocol in (2, 3):
        wire = Wire(store, protocol)
        reply = wire.ask("EVAL", "local t = {} t[1] = t return t", 0)
        assert reply == b"*1\r\n" * 101 + b"-ERR reached lua stack limit\r\n"


def test_exceptions_that_are_no_errors_of_redis_come_through(
    store: Store[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script cannot catch Ctrl-C, nor a mistake in kvlite."""
    for error in (KeyboardInterrupt, ZeroDivisionError):

        def fail(*_: object, error: type[BaseException] = error) -> None:
            raise error

        monkeypatch.setattr(ROWS[b"ping"], "run", fail)
        for script in [
            "return redis.call('ping')",
            "while true do pcall(redis.call, 'ping') end",
            "while true do pcall(function() redis.call('ping') end) end",
            "while true do coroutine.resume(coroutine.create(function() redis.call('ping') end)) end",
        ]:
            with pytest.raises(error):
                store.eval(script, 0)
        assert store.eval("return 1", 0) == 1


def test_threads_take_turns(store: Store[bytes]) -> None:
    """Scripts of many threads, errors among them, share one Lua."""
    script = """
        local before = redis.call('get', KEYS[1])
        for i = 1, 20 do redis.call('incr', KEYS[1]) end
        if before and tonumber(before) % 3 == 0 then error({err = 'MINE x'}) end
        return {before, redis.call('get', KEYS[1])}
    """

    failed: list[int] = []

    def work() -> None:
        for _ in range(50):
            try:
                before, after = store.eval(script, 1, "n")
                assert int(after) == int(before or 0) + 20
            except ResponseError:
                failed.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("n") == b"4000"
    assert len(failed) == sum(number % 3 == 0 for number in range(20, 4000, 20))
