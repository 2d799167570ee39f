"""The oracle: a real redis-server whose clock obeys the test, and tools that hold kvlite to its answers.

- `Oracle` runs the server; its clock stands still until `advance`.
- `Pair` makes every call on both sides and fails at the first difference.
- `command`, `histories`, `run_history` turn a table of commands into random histories that shrink.

A file of tests for one type is a table and one test:

    TABLE = [
        command("zadd", keys(), st.dictionaries(values(), scores(), max_size=3), nx=st.booleans()),
        command("zrange", keys(), ints(), ints(), withscores=st.booleans()),
        command("zrandmember", keys(), small_ints()).shape(),
        command("zpopmin", keys()).weighing(3),
        time_passes(),
    ]

    @given(histories(*TABLE))
    def test_sorted_sets_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
        run_history(pair, steps)
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import copysign, isnan
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

import redis
import redis.connection
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

# Where hiredis is installed, redis-py packs requests with it, and words the refusal of an argument otherwise.
redis.connection.HIREDIS_AVAILABLE = False  # type: ignore[misc]

START_MS = 1_700_000_000_123
"""Where every clock starts: not a whole second, so that rounding shows."""

# Preloaded into redis-server: wall-clock time is whatever the mapped file says, in microseconds.
# libfaketime cannot do it: with jemalloc, which Linux distributions build redis-server with, it hangs at
# start; and it would read and parse a file at every call. The monotonic clock stays real, so the server's
# event loop runs on.
_CLOCK_SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *clock_us;

static int64_t now_us(void) {
    if (!clock_us) {
        int fd = open(getenv("ORACLE_CLOCK"), O_RDONLY);
        void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) _exit(97);
        close(fd);
        clock_us = map;
    }
    return *clock_us;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz) {
    int64_t us = now_us();
    (void)tz;
    tv->tv_sec = us / 1000000;
    tv->tv_usec = us % 1000000;
    return 0;
}

time_t time(time_t *out) {
    time_t seconds = now_us() / 1000000;
    if (out) *out = seconds;
    return seconds;
}

int clock_gettime(clockid_t id, struct timespec *ts) {
    if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE) return syscall(SYS_clock_gettime, id, ts);
    int64_t us = now_us();
    ts->tv_sec = us / 1000000;
    ts->tv_nsec = us % 1000000 * 1000;
    return 0;
}
"""

# The shell is the watchdog: its standard input is a pipe from the test process, which ends when that process
# does, however it dies. Then the server goes, and the folder with it.
_WATCHDOG = """
folder=$1; shift
LD_PRELOAD="$folder/clock.so" ORACLE_CLOCK="$folder/clock" "$@" &
server=$!
cat > /dev/null
kill -9 $server
wait $server 2> /dev/null
rm -rf "$folder"
"""

# SCAN, not KEYS: it also removes what has expired, so that DBSIZE no longer counts it.
_EACH_KEY = """
local function each_key(db, visit)
    redis.call('SELECT', db)
    local cursor = '0'
    repeat
        local page = redis.call('SCAN', cursor, 'COUNT', 1000000)
        cursor = page[1]
        for _, key in ipairs(page[2]) do visit(key) end
    until cursor == '0'
end
"""

_REMOVE_EXPIRED = _EACH_KEY + "for db = 0, 15 do each_key(db, function() end) end"

_DUMP = (
    _EACH_KEY
    + """
local read = {
    string = function(key) return redis.call('GET', key) end,
    list = function(key) return redis.call('LRANGE', key, 0, -1) end,
    hash = function(key) return redis.call('HGETALL', key) end,
    set = function(key) return redis.call('SMEMBERS', key) end,
    zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
    stream = function(key) return redis.call('XINFO', 'STREAM', key, 'FULL', 'COUNT', 0) end,
}
local found = {}
for _, db in ipairs(ARGV) do
    each_key(db, function(key)
        local kind = redis.call('TYPE', key).ok
        found[#found + 1] = {tonumber(db), key, kind, redis.call('PTTL', key), read[kind](key)}
    end)
end
return found
"""
)


def _redis_server() -> str | None:
    return shutil.which(os.environ.get("ORACLE_REDIS_SERVER", "redis-server"))


def why_missing() -> str | None:
    """What this machine lacks to run the oracle, or None when it can run."""
    server = _redis_server()
    if server is None:
        return "redis-server is not installed"
    version = subprocess.run([server, "--version"], capture_output=True, text=True, check=False).stdout
    if " v=7.0." not in version:
        return f"the oracle is redis-server 7.0, found: {version.strip()}"
    if shutil.which("cc") is None:
        return "cc is not installed; it builds the library that holds redis-server's clock still"
    return None


_EVERYBODY = ["on", "nopass", "clearselectors", "allkeys", "allchannels", "allcommands"]
"""What the default user is at first."""


class Oracle:
    """A private redis-server whose clock stands at `START_MS` and moves only by `advance`.

    It listens on a unix socket in a folder of its own, writes nothing, and goes, with its folder, when
    `close` is called or this process ends. Expired keys are removed at once by `advance`, never by chance.
    """

    def __init__(self) -> None:
        self.calls = 0
        """How many calls pairs have compared against this server."""
        self.steps = 0
        """How many steps of random histories have been run against this server."""
        self._folder = Path(tempfile.mkdtemp(prefix="oracle-"))
        self._clients: weakref.WeakSet[redis.Redis] = weakref.WeakSet()
        try:
            self._build_clock()
            self._process = self._start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._control = self.client(client_name="control")
        self._await_start()
        self._remove_expired = self._control.register_script(_REMOVE_EXPIRED)
        self._dump = self._control.register_script(_DUMP)
        self._config: dict[Any, Any] = self._control.config_get("*")
        self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _build_clock(self) -> None:
        source = self._folder / "clock.c"
        source.write_text(_CLOCK_SOURCE)
        subprocess.run(
            ["cc", "-O1", "-shared", "-fPIC", "-o", str(self._folder / "clock.so"), str(source)], check=True
        )
        clock = self._folder / "clock"
        clock.write_bytes((START_MS * 1000).to_bytes(8, sys.byteorder))
        with clock.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)
        self._fraction = 0.0
        # One aligned store: the server cannot see half a change.
        self._clock_us: ctypes.c_int64 | None = ctypes.c_int64.from_buffer(self._map)

    def _start(self) -> subprocess.Popen[bytes]:
        options = {
            "port": "0",
            "unixsocket": str(self._folder / "socket"),
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "enable-debug-command": "yes",
            # The clock that OBJECT IDLETIME goes by is read this often.
            "hz": "100",
            # That thread sleeps until points of time that, with its clock in the past, are always over.
            "jemalloc-bg-thread": "no",
        }
        command = [str(_redis_server())]
        for name, value in options.items():
            command += [f"--{name}", value]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                ["sh", "-c", _WATCHDOG, "oracle", str(self._folder), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await_start(self) -> None:
        deadline = time.monotonic() + 10
        while not (self._folder / "socket").exists():
            if time.monotonic() > deadline:
                log = (self._folder / "log").read_text()
                self.close()
                raise RuntimeError(f"redis-server did not start:\n{log}")
            time.sleep(0.005)
        self._control.ping()

    def client(self, **options: Any) -> redis.Redis:
        """A client of this server, with redis-py's defaults but for `options`."""
        client = redis.Redis(unix_socket_path=str(self._folder / "socket"), **options)
        self._clients.add(client)
        return client

    @property
    def address(self) -> str:
        """The unix socket it listens on."""
        return str(self._folder / "socket")

    @property
    def now_ms(self) -> int:
        """The server's time, in milliseconds since the epoch."""
        assert self._clock_us is not None, "the oracle is closed"
        return self._clock_us.value // 1000

    def advance(self, seconds: float, expire: bool = True) -> None:
        """Move the server's clock forward and remove what has expired, unless it answers nobody now."""
        assert self._clock_us is not None, "the oracle is closed"
        exact = round(seconds * 1000 + self._fraction, 6)
        self._fraction = exact % 1
        # Redis keeps a key during the millisecond of its deadline, and a store does not, which
        # docs/differences.md explains: so let that millisecond pass as well.
        self._clock_us.value += int(exact) * 1000 + 1000
        if expire:
            self._remove_expired()
        self._clock_us.value -= 1000

    def settle(self) -> None:
        """Wait until OBJECT IDLETIME goes by the present time: the server looks every 10 ms."""
        lru_clock = self.now_ms // 1000 & 0xFFFFFF
        deadline = time.monotonic() + 5
        while self._control.info("server")["lru_clock"] != lru_clock:
            if time.monotonic() > deadline:
                raise RuntimeError("redis-server's LRU clock does not follow")
            time.sleep(0.002)

    def dump(self, databases: Iterable[int] = (0,)) -> State:
        """Everything in `databases`, in one round trip as a rule."""
        return {
            (db, key): (
                kind.decode(),
                _WHOLE[kind.decode()](value),
                pttl if pttl < 2**53 else self._exact_pttl(db, key),
            )
            for db, key, kind, pttl, value in self._dump(args=list(databases))
        }

    def _exact_pttl(self, db: int, key: bytes) -> int:
        """The PTTL that Lua, whose numbers are floats, has rounded."""
        with self._control.pipeline(transaction=False) as pipe:
            pipe.select(db)
            pipe.pttl(key)
            pipe.select(0)
            pttl: int = pipe.execute()[1]
            return pttl

    def wipe(self) -> None:
        """Remove all data and functions and set the clock back to the start; cheap."""
        assert self._clock_us is not None, "the oracle is closed"
        with self._control.pipeline(transaction=False) as pipe:
            pipe.flushall()
            pipe.function_flush()
            pipe.execute()
        self._clock_us.value = START_MS * 1000
        self._fraction = 0.0

    def reset(self) -> None:
        """`wipe`, and forget configuration, users, scripts, statistics, what connections chose."""
        for client in list(self._clients):
            if client is not self._control:
                client.connection_pool.disconnect()
        now: dict[Any, Any] = self._control.config_get("*")
        changed = {name: value for name, value in self._config.items() if now[name] != value}
        with self._control.pipeline(transaction=False) as pipe:
            for name, value in changed.items():
                pipe.config_set(name, value)
            for name in self._control.acl_users():
                if name != "default":
                    pipe.acl_deluser(name)
            pipe.execute_command("ACL", "SETUSER", "default", *_EVERYBODY)  # type: ignore[no-untyped-call]
            pipe.acl_log_reset()
            pipe.client_unpause()
            pipe.config_resetstat()
            pipe.slowlog_reset()
            pipe.script_flush()
            pipe.function_flush()
            pipe.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")  # type: ignore[no-untyped-call]
            pipe.execute()
        self.wipe()

    def close(self) -> None:
        """Stop the server and remove its folder. Closing again does nothing."""
        if self._clock_us is None:
            return
        self._clock_us = None
        self._map.close()
        for client in list(self._clients):
            client.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)


# --- comparing -----------------------------------------------------------------------------------------

Comparison: TypeAlias = Literal["exact", "unordered", "shape"]
State: TypeAlias = dict[tuple[int, bytes], tuple[str, Any, int]]
"""(database, key) to (type, whole value, PTTL)."""


class Drained(list[Any]):
    """What a generator gave, to its end."""


@dataclass(frozen=True)
class Answer:
    """What a call gave: a value, or the exception it raised."""

    value: Any = None
    error: Exception | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return "raised {}: {}".format(*_error_of(self.error))
        return f"{type(self.value).__name__} {self.value!r}"


def ask(function: Callable[[], Any]) -> Answer:
    """Call `function` for its answer; a generator is drained."""
    try:
        value = function()
        return Answer(Drained(value) if isinstance(value, Iterator) else value)
    except Exception as error:
        return Answer(error=error)


def _error_of(error: Exception) -> tuple[str, str]:
    text = str(error)
    if isinstance(error, TypeError):
        # Python names the class that defines a method when its arguments do not fit.
        text = re.sub(r"\b\w+\.(\w+\(\))", r"\1", text)
    return type(error).__name__, text


def same(left: Any, right: Any) -> bool:
    """Equal, and of equal types, all the way down: 1, True and 1.0 differ, 0.0 and -0.0 too; nan equals nan.

    Exceptions are the same when their classes' names and their texts are.
    """
    if isinstance(left, Exception) and isinstance(right, Exception):
        return _error_of(left) == _error_of(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return _float_key(left) == _float_key(right)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        others = {_typed(key): value for key, value in right.items()}
        return len(left) == len(others) and all(
            (typed := _typed(key)) in others and same(value, others[typed]) for key, value in left.items()
        )
    if isinstance(left, (set, frozenset)):
        return set(map(_typed, left)) == set(map(_typed, right))
    return bool(left == right)


def _float_key(value: float) -> tuple[float, float]:
    return (0.0, 0.0) if isnan(value) else (value, copysign(1.0, value))


def _typed(value: Any) -> Any:
    if isinstance(value, float):
        return (float, _float_key(value))
    if isinstance(value, (tuple, frozenset)):
        return (type(value), type(value)(map(_typed, value)))
    return (type(value), value)


def same_unordered(left: Any, right: Any) -> bool:
    """`same`, but a list is a multiset; so is a list in a tuple, as SCAN's. Lists in lists keep order."""
    return same(_sorted(left), _sorted(right))


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return type(value)(sorted(value, key=repr))
    if isinstance(value, tuple):
        return tuple(map(_sorted, value))
    return value


def same_shape(left: Any, right: Any) -> bool:
    """Of equal types and lengths, the types of members too; for answers drawn by lot."""
    if type(left) is not type(right):
        return False
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same_shape, left, right))
    if isinstance(left, (set, frozenset, dict)):
        return len(left) == len(right) and set(map(type, left)) == set(map(type, right))
    return True


_COMPARE: dict[Comparison, Callable[[Any, Any], bool]] = {
    "exact": same,
    "unordered": same_unordered,
    "shape": same_shape,
}


def _binary(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _pairs(flat: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)


_WHOLE: dict[str, Callable[[Any], Any]] = {
    "string": bytes,
    "list": list,
    "hash": lambda flat: dict(_pairs(flat)),
    "set": set,
    "zset": lambda flat: [(member, float(score)) for member, score in _pairs(flat)],
    "stream": list,
}
"""The whole value of a key of each type, from what the server's dump says."""

_READ: dict[str, Callable[[Any, Any], Any]] = {
    "string": lambda store, key: _binary(store.get(key)),
    "list": lambda store, key: list(map(_binary, store.lrange(key, 0, -1))),
    "hash": lambda store, key: {_binary(f): _binary(v) for f, v in store.hgetall(key).items()},
    "set": lambda store, key: set(map(_binary, store.smembers(key))),
    "zset": lambda store, key: [(_binary(m), s) for m, s in store.zrange(key, 0, -1, withscores=True)],
    "stream": lambda store, key: _whole_stream(store, _binary(key)),
}
"""The same, by a store's public methods."""


def _whole_stream(store: Any, key: bytes) -> Any:
    from kvlite.wire.python import converter

    words = [b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"]
    return _through_lua(converter(2, lambda error: error)(store._xinfo_stream(words)))


def _through_lua(value: Any) -> Any:
    """What becomes of a reply in the server's dump: numbers in Lua are floats."""
    if isinstance(value, list):
        return [_through_lua(each) for each in value]
    if type(value) is not int:
        return value
    number = int(float(value))
    return number if number < 2**63 else -(2**63)


_WRITE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "string": lambda store, key, value: store.set(key, value),
    "list": lambda store, key, value: store.rpush(key, *value),
    "hash": lambda store, key, value: store.hset(key, mapping=value),
    "set": lambda store, key, value: store.sadd(key, *value),
    "zset": lambda store, key, value: store.zadd(key, dict(value)),
}


def call(side: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What one call answers. That of `bitfield` takes the key, the default, and all operations."""
    if method != "bitfield":
        return getattr(side, method)(*args, **kwargs)
    key, default_overflow, operations = args
    fields = side.bitfield(key, default_overflow)
    for name, *arguments in operations:
        getattr(fields, name)(*arguments)
    return fields.execute()


def _new_store(start_ms: int, **options: Any) -> Any:
    from kvlite import ManualClock, Store

    return Store(clock=ManualClock(start_ms), **options)


Check: TypeAlias = Callable[[Any, Any, Any], bool]
"""(value before, the store's answer, value after) -> is that a possible outcome of a random command?"""


class Pair:
    """A kvlite store and a client of the oracle that are told the same things and must say the same things.

    `options` go to both constructors (`decode_responses=True`). `databases` are the ones whose state is
    compared. `make_store(start_ms, **options)` puts something else in the store's place.
    """

    store: Any

    def __init__(
        self,
        oracle: Oracle,
        *,
        databases: Iterable[int] = (0,),
        make_store: Callable[..., Any] = _new_store,
        **options: Any,
    ) -> None:
        self.oracle = oracle
        self.databases = tuple(databases)
        self.redis = oracle.client(**options)
        self._make_store = make_store
        self._options = options
        self.reset()

    def reset(self) -> None:
        """Both sides empty again, at the same time: `START_MS`."""
        self.oracle.wipe()
        self.store = self._make_store(self.oracle.now_ms, **self._options)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Make one call on both sides; the answers must be the same, types too.

        Returns the answer; an exception both raised is returned, not raised.
        """
        return self._call("exact", method, args, kwargs)

    def call_unordered(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """`call` for replies whose order means nothing, such as those of KEYS and HKEYS."""
        return self._call("unordered", method, args, kwargs)

    def call_shape(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """`call` for random replies: types and lengths must be the same."""
        return self._call("shape", method, args, kwargs)

    def call_random(self, check: Check, method: str, key: Any, *args: Any, **kwargs: Any) -> Any:
        """`call_shape` for commands that change `key` at random.

        The store's own outcome must satisfy `check` (see `took`, `drew`); then the store is given the
        server's outcome, so that both go on alike.
        """
        before = self._value(key)
        answer = self._call("shape", method, (key, *args), kwargs)
        if not isinstance(answer, Exception):
            own, after = self._own.value, self._value(key)
            if not check(before, own, after):
                raise AssertionError(
                    f"{_show_call(method, (key, *args), kwargs)}: not a possible outcome"
                    f"\n  before: {before!r}\n  answer: {own!r}\n  after:  {after!r}"
                )
            self.adopt(key)
        return answer

    def _call(self, compare: Comparison, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.both(lambda side: call(side, method, args, kwargs), compare, (method, args, kwargs))

    def both(
        self,
        function: Callable[[Any], Any],
        compare: Comparison = "exact",
        shown: tuple[str, tuple[Any, ...], dict[str, Any]] | None = None,
    ) -> Any:
        """Give each side to `function`; the answers must be the same. For pipelines and the like."""
        self.oracle.calls += 1
        theirs = ask(lambda: function(self.redis))
        own = self._own = ask(lambda: function(self.store))
        if theirs.error is not None or own.error is not None:
            alike = same(theirs.error, own.error)
        else:
            alike = _COMPARE[compare](theirs.value, own.value)
        if not alike:
            call = _show_call(*shown) if shown else repr(function)
            raise AssertionError(f"{call}: different answers\n  redis:  {theirs}\n  kvlite: {own}")
        return theirs.error or theirs.value

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        self.oracle.advance(seconds)
        self.store.advance(seconds)

    def compare_state(self) -> None:
        """Every key's type, whole value and PTTL must be the same on both sides, in all `databases`.

        Reading counts as using the keys: OBJECT IDLETIME starts again, on both sides.
        """
        theirs, own = self.oracle.dump(self.databases), self._dump_store()
        if same(theirs, own):
            return
        lines = [
            f"  {key!r} (database {db}):\n    redis:  {_show_state(theirs, (db, key))}"
            f"\n    kvlite: {_show_state(own, (db, key))}"
            for db, key in sorted({**theirs, **own})
            if not same(theirs.get((db, key)), own.get((db, key)))
        ]
        raise AssertionError("different states\n" + "\n".join(lines))

    def adopt(self, key: Any) -> None:
        """Give the store what the server holds at `key` of database 0."""
        self.store.delete(key)
        found = self.oracle.dump().get((0, _binary(key)))
        if found is not None:
            kind, value, pttl = found
            if kind == "stream":
                self.store.restore(key, 0, self.redis.dump(key))
            else:
                _WRITE[kind](self.store, key, value)
            if pttl >= 0:
                self.store.pexpireat(key, self.oracle.now_ms + pttl)

    def _value(self, key: Any) -> Any:
        kind = _binary(self.store.type(key)).decode()
        return None if kind == "none" else _READ[kind](self.store, key)

    def _dump_store(self) -> State:
        state: State = {}
        for db in self.databases:
            store = self.store.select(db) if db else self.store
            for key in store.keys("*"):
                kind = _binary(store.type(key)).decode()
                state[db, _binary(key)] = (kind, _READ[kind](store, key), store.pttl(key))
        return state


def _show_call(method: str, args: Iterable[Any], kwargs: dict[str, Any]) -> str:
    return f"{method}({', '.join([*map(repr, args), *(f'{k}={v!r}' for k, v in kwargs.items())])})"


def _show_state(state: State, where: tuple[int, bytes]) -> str:
    if where not in state:
        return "no such key"
    kind, value, pttl = state[where]
    return f"{kind} {value!r}, PTTL {pttl}"


def took(before: Any, answer: Any, after: Any) -> bool:
    """A random removal from a set: what was answered was there, and is what is gone."""
    taken = _members(answer)
    return taken <= (before or set()) and (after or set()) == (before or set()) - taken


def drew(before: Any, answer: Any, after: Any) -> bool:
    """A random look into a set or a hash: what was answered is there, and nothing changed."""
    return _members(answer) <= set(before or ()) and same(before, after)


def _members(answer: Any) -> set[bytes]:
    if answer is None:
        return set()
    return set(map(_binary, answer)) if isinstance(answer, (list, set)) else {_binary(answer)}


# --- histories -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One call of a history."""

    method: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    compare: Comparison = "exact"
    check: Check | None = None

    def __repr__(self) -> str:
        return _show_call(self.method, self.args, self.kwargs)

    def run(self, pair: Pair) -> None:
        if self.method == "advance":
            pair.advance(*self.args)
        elif self.check is not None:
            pair.call_random(self.check, self.method, *self.args, **self.kwargs)
        else:
            pair._call(self.compare, self.method, self.args, self.kwargs)


@dataclass(frozen=True)
class Many:
    """A strategy for several arguments in a row."""

    lists: SearchStrategy[list[Any]]


def many(strategy: SearchStrategy[Any], min_size: int = 1, max_size: int = 3) -> Many:
    """Several arguments in a row: `command("sadd", keys(), many(values()))`."""
    return Many(st.lists(strategy, min_size=min_size, max_size=max_size))


@dataclass(frozen=True)
class Command:
    """A row of a table: how to draw calls of one method, and how to compare the answers."""

    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    needed: dict[str, Any] = field(default_factory=dict)
    compare: Comparison = "exact"
    check: Check | None = None
    weight: int = 1

    def always(self, **kwargs: Any) -> Command:
        """With these keyword arguments in every call."""
        return replace(self, needed=kwargs)

    def unordered(self) -> Command:
        """Lists are compared as multisets."""
        return replace(self, compare="unordered")

    def shape(self) -> Command:
        """Only types and lengths are compared."""
        return replace(self, compare="shape")

    def random(self, check: Check) -> Command:
        """The command changes, or looks at, its first argument's key at random; see `Pair.call_random`."""
        return replace(self, check=check)

    def weighing(self, weight: int) -> Command:
        """Drawn `weight` times as often as the others."""
        return replace(self, weight=weight)

    def steps(self) -> SearchStrategy[Step]:
        """The strategy for calls of this row."""
        args = [arg if isinstance(arg, Many) else _strategy(arg) for arg in self.args]
        needed = {name: _strategy(value) for name, value in self.needed.items()}
        optional = {name: _strategy(value) for name, value in self.kwargs.items()}
        # A few at a time: most combinations of many options only ever give one and the same error.
        chosen: SearchStrategy[list[str]] = st.just([])
        if optional:
            chosen = st.lists(st.sampled_from(sorted(optional)), max_size=3, unique=True)

        @st.composite
        def step(draw: DrawFn) -> Step:
            given: list[Any] = []
            for arg in args:
                if isinstance(arg, Many):
                    given += draw(arg.lists)
                else:
                    given.append(draw(arg))
            options = {name: draw(value) for name, value in needed.items()}
            options |= {name: draw(optional[name]) for name in draw(chosen)}
            return Step(self.method, tuple(given), options, self.compare, self.check)

        return step()


def _strategy(value: Any) -> SearchStrategy[Any]:
    return value if isinstance(value, SearchStrategy) else st.just(value)


def command(method: str, /, *args: Any, **kwargs: Any) -> Command:
    """A row: the method, a strategy (or a constant, or `many`) for each positional argument, and strategies
    for keyword arguments, of which each call gets none or a few."""
    return Command(method, args, kwargs)


def time_passes(seconds: SearchStrategy[float] | None = None) -> Command:
    """A row that moves both clocks, by default up to two minutes."""
    if seconds is None:
        seconds = st.sampled_from([0.001, 0.999, 1, 1.0005, 2.5, 10, 100, 120])
    return Command("advance", (seconds,), {})


def histories(*commands: Command, size: int = 50) -> SearchStrategy[list[Step]]:
    """Lists of about `size` steps drawn from the rows.

    Shrinking replaces steps by nothing: a list that may vary in length would be a short one nearly always.
    """
    rows = [row.steps() for row in commands for _ in range(row.weight)]
    choices: list[SearchStrategy[Step | None]] = [st.none(), *rows]
    step: SearchStrategy[Step | None] = st.integers(0, len(choices) - 1).flatmap(choices.__getitem__)
    return st.lists(step, min_size=size, max_size=size).map(lambda drawn: [each for each in drawn if each])


def run_history(pair: Pair, steps: Iterable[Step]) -> None:
    """From an empty start run `steps`; after each, the answers and the whole states must be the same."""
    pair.reset()
    for number, step in enumerate(steps, 1):
        pair.oracle.steps += 1
        try:
            step.run(pair)
            pair.compare_state()
        except Exception as error:
            error.add_note(f"in step {number}: {step!r}")
            raise


# --- strategies ----------------------------------------------------------------------------------------


def mostly(good: SearchStrategy[Any], rare: SearchStrategy[Any], one_in: int = 10) -> SearchStrategy[Any]:
    """`rare` once in `one_in` times, else `good`."""
    return st.integers(0, one_in - 1).flatmap(lambda drawn: rare if drawn == one_in - 1 else good)


def keys() -> SearchStrategy[Any]:
    """Few keys, so that commands meet; the empty one and a binary one among them."""
    return st.sampled_from(["a", "b", "c", b"a", "", b"\xff\x00"])


def members() -> SearchStrategy[Any]:
    """Few members or fields, so that commands meet; some look like numbers."""
    return st.sampled_from(["a", "b", "c", "d", "", b"a", b"\xff\x00", "1", 1, 1.0, "10", "2", "aa", "ab"])


def values() -> SearchStrategy[Any]:
    """Whatever can be sent: text, bytes, numbers, texts of numbers; empty and binary ones."""
    texts = ["a", "b", "", b"", b"\xff\x00\r\n", "é€😀", "0", "1", "-1", "10", "3.5", "007"]
    common = st.sampled_from([*texts, 0, 1, -7, 10, 0.1, 1e300])
    long = st.binary(min_size=65, max_size=70)
    return mostly(common, st.one_of(st.binary(max_size=5), st.text(max_size=5), long, floats(), ints()), 3)


def small_ints() -> SearchStrategy[int]:
    """Integers about the sizes of small collections, negative ones too."""
    return st.integers(-5, 5)


def ints() -> SearchStrategy[int]:
    """Integers, with the limits of 32 and 64 bits and beyond among them."""
    of_32_bits = [2**31 - 1, 2**31, -(2**31), 2**32, 2**53 + 1]
    of_64_bits = [2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**64, 10**30]
    common = st.sampled_from([0, 1, -1, 2, 3, -2, -3, 5, 10, 100, 1000])
    return mostly(common, st.sampled_from(of_32_bits + of_64_bits), 5)


def int_texts() -> SearchStrategy[str]:
    """Texts that are integers to some parsers and not to Redis, and some that are."""
    short = ["0", "1", "-1", "+1", "-0", "00", "01", " 1", "1 ", "1_0", "0x10", "1.0", "1e3", "", "-", "abc"]
    limits = ["9223372036854775807", "-9223372036854775808", "9223372036854775808"]
    return st.sampled_from([*short, "1\0", "1\n", "\u0663", *limits])


def floats() -> SearchStrategy[float]:
    """Floats: the peculiar ones, those whose text is peculiar, and any."""
    common = [0.0, -0.0, 1.0, -1.5, 0.1, 0.2, 3.0e3]
    large = [1e15, 1e16, 1e17, 1e22, 123456789012345678.0, 1e300, -1e300, 1.7976931348623157e308]
    fine = [1e-300, 5e-324, 1e-5, 1e-7, 0.30000000000000004, 3.14159265358979312]
    infinite = [float("inf"), float("-inf"), float("nan")]
    return mostly(st.sampled_from([*common, *large, *fine, *infinite]), st.floats(), 4)


def float_texts() -> SearchStrategy[str]:
    """Texts that some parsers take for floats; Redis takes some of them."""
    usual = ["0.1", "3.0e3", "1.5", "-1.5", ".5", "5.", "1e5", "1E5", "+1", "-0", "17179869184.00000001"]
    doubtful = [" 1", "1 ", "0x10", "0x1p3", "1_0", "1,5", "", "abc", "1\0", "1e", "1" * 40]
    infinite = ["inf", "+inf", "-inf", "Infinity", "INF", "nan", "-nan", "1e400", "-1e400", "1e-400"]
    return st.sampled_from([*usual, *doubtful, *infinite])


def bad_values() -> SearchStrategy[Any]:
    """What redis-py refuses to send."""
    return st.sampled_from([None, True, False, [], ["a"], (), {"a": 1}, {"a"}, ..., 1j])


def scores() -> SearchStrategy[Any]:
    """Scores that collide; infinities, -0.0, long fractions; rarely nan, or a text."""
    common = [0, 1, 2, 3, -1, 1.5, 0.1, -0.0, 0.0, 3.0e3, 10, float("inf"), float("-inf"), 2**53 + 1, 1e300]
    return mostly(st.sampled_from(common), st.one_of(floats(), float_texts()), 8)


def ttls() -> SearchStrategy[Any]:
    """Lives in whatever unit the command has: short, past and unbounded ones; some are timedeltas."""
    peculiar = [0, -1, -1000, 2**31, 2**53, 2**62, 2**63 - 1, -(2**63), 2**63, "5", "a", "", 1.5]
    deltas = [timedelta(seconds=1), timedelta(milliseconds=1500), timedelta(minutes=1), timedelta(0)]
    common = st.sampled_from([1, 2, 10, 100, 1000, 60_000])
    return mostly(common, st.one_of(st.sampled_from(deltas), st.sampled_from(peculiar)), 4)


def moments(unit: Literal["s", "ms"]) -> SearchStrategy[Any]:
    """Points in time about `START_MS`, in seconds or milliseconds since the epoch; some are datetimes."""
    start = START_MS if unit == "ms" else START_MS // 1000
    second = 1000 if unit == "ms" else 1
    near = [start + offset * second for offset in (1, 2, 10, 100)]
    edge = [start, start + 1, start - 1, start - second, 0, -1, 1, 2**53, 2**62, 2**63 - 1, -(2**63), 2**63]
    dates = [datetime.fromtimestamp(START_MS / 1000 + offset, UTC) for offset in (-10, 0.5, 1, 60)]
    return mostly(st.sampled_from(near), st.one_of(st.sampled_from(dates), st.sampled_from(edge)), 4)
