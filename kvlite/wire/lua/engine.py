"""One Lua: it compiles and runs scripts, or functions of libraries, one at a time, within bounds.

Lua keeps its memory below a limit by refusing what goes beyond, which a script can take. But refusing what
Python hands over would tear down the process. So there is always some room above what a script may reach, and
whatever is larger than that room is looked at before it is handed over.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from ...errors import ResponseError
from .arguments import NULL, BadArgument, LuaRaised, RaisedMessage, RaisedReply
from .bit import FUNCTIONS as BIT
from .cjson import Cjson
from .cmsgpack import CONSTANTS as CMSGPACK
from .cmsgpack import Unpacking, packed_float
from .random import Random
from .running import text_of
from .struct import FUNCTIONS as STRUCT

MEMORY = 512 * 1024 * 1024
"""How many bytes the values of a script may take."""
_ROOM = 1024 * 1024
"""What Python may need on top of that at any time, without looking."""
_SMALL = 64 * 1024
_PER_VALUE = 64
"""What a value takes in a table, at most."""
_STEPS = 100_000
"""Instructions between two looks at whether to go on: a millisecond or so."""
_MOST_ARGUMENTS = 200
"""How many are handed over one by one."""
_SLICE = 1000
_PER_FUNCTION = 6
"""How many values Lua hands over about each function of a library."""
_CJSON = {"null": NULL, "_NAME": b"cjson", "_VERSION": b"2.1.0"}
NOT_ENOUGH_MEMORY = b"not enough memory"


def _lua51() -> Any:
    try:
        return importlib.import_module("lupa.lua51")
    except ImportError:
        raise ResponseError("scripts need Lua, which is not installed: pip install 'kvlite[lua]'") from None


class Chunk(NamedTuple):
    """A script that is compiled, or a function that was registered."""

    function: Any
    source: bytes


class Registered(NamedTuple):
    """What a library says of one of its functions."""

    name: bytes
    description: bytes | None
    flags: frozenset[str]
    chunk: Chunk


Outcome: TypeAlias = Any
"""What a script came to: a value that is no table, or a tuple of the kind of value that it is, and what it is
made of:

    err                           the text, and whether it has been counted
    ok, big_number, double        the text, or the number
    verbatim                      its format and its text
    array, map, set               how many values, and those, or a table that has them: see `Engine.elements`
    failed                        the text of an error, its source, its line, and whether it has been counted
    broken                        the text of an error that came from no line
"""


class Engine:
    """A Lua with the libraries that Redis gives to scripts.

    `functions` and `constants` are those of the library `redis`, by their names. `interrupted` is asked every
    millisecond or so of a script whether to go on; it answers None, or the text of the error that ends it.
    With `for_functions` it does not run scripts, but the functions of libraries that it has loaded.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        constants: Mapping[str, Any],
        interrupted: Callable[[], bytes | None],
        for_functions: bool = False,
    ) -> None:
        lua51 = _lua51()
        self._runtime = lua51.LuaRuntime(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_no_attributes,
            max_memory=MEMORY + _ROOM,
        )
        self._too_large = lua51.LuaMemoryError
        self._used: Callable[[], int] = self._runtime.get_memory_used
        self._interrupted = interrupted
        self._failure: BaseException | None = None
        self._unlimited = False
        self._source = b""
        self._table = self._runtime.table_from
        cjson = Cjson(self.make_table, self.make_room)
        unpacking = Unpacking(self.make_table, self.make_room)
        random = Random()
        libraries: dict[str, Mapping[str, Callable[..., Any]]] = {
            "redis": functions,
            "bit": BIT,
            "cjson": self._guarded(cjson.functions()),
            "cmsgpack": self._guarded(unpacking.functions()),
            "struct": self._guarded(STRUCT),
            "math": {"random": random.random, "randomseed": random.randomseed},
        }
        host: dict[str, Any] = {
            "describe": self._describe,
            "fallback_line": self._last_return,
            "interrupted": self._is_interrupted,
            "relieve": self._relieve,
            "new_cjson": self._new_cjson,
            "packed_float": packed_float,
            "null": NULL,
            "steps": _STEPS,
            "kilobytes": MEMORY // 1024,
            "chunk_name": b"@user_function" if for_functions else b"@user_script",
        }
        host_table = self._nested(host)
        for part in ("encoders", "libraries") if for_functions else ("encoders",):
            host_table[part.encode()] = self._runtime.compile(_source(f"{part}.lua"), name=b"=sandbox")
        sandbox = self._runtime.execute(
            _source("sandbox.lua"),
            self._nested({name: self._nested(library) for name, library in libraries.items()}),
            self._nested(
                {
                    "redis": self._nested(constants),
                    "cjson": self._nested(_CJSON),
                    "cmsgpack": self._nested(CMSGPACK),
                }
            ),
            host_table,
            name=b"=sandbox",
        )
        self._compile, self._run, self._shape, self._slice, self._load = sandbox

    def _nested(self, values: Mapping[str, Any]) -> Any:
        return self._table({name.encode(): value for name, value in values.items()})

    def _new_cjson(self) -> Any:
        return self._nested(self._guarded(Cjson(self.make_table, self.make_room).functions()))

    def _guarded(self, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
        return {name: self._guard(function) for name, function in functions.items()}

    def _guard(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` for Lua: called when there is room for what it may answer."""

        def guarded(*args: Any) -> Any:
            self.make_room(0)
            answer = function(*args)
            if type(answer) is bytes and len(answer) > _SMALL:
                self.make_room(len(answer))
            return answer

        return guarded

    # Memory

    @property
    def memory(self) -> int:
        """How many bytes the values of scripts take."""
        return self._used()

    def _limit(self, limited: bool = True) -> None:
        self._unlimited = not limited
        self._runtime.set_max_memory(MEMORY + _ROOM if limited else 0)

    def make_room(self, size: int) -> None:
        """See to it that `size` bytes can be handed over. If not the script ends, by its memory."""
        if self._used() + size <= MEMORY:
            return
        if self._failure is None:
            self._limit(False)
            self._runtime.gccollect()
            if self._used() + size <= MEMORY:
                self._limit()
                return
            self._failure = MemoryError("not enough memory")
        raise RaisedMessage(NOT_ENOUGH_MEMORY, positioned=False)

    def make_table(self, values: Any) -> Any:
        """A table of Lua with the elements of a list or the pairs of a dict, as Lua takes them."""
        self.make_room(_PER_VALUE * len(values))
        return self._table(values)

    def _relieve(self) -> None:
        """Let Lua have what it needs to end a script that has taken all it may."""
        self._limit(False)

    def _settle(self) -> None:
        """Between scripts: what is left of the one before goes, if it has taken all it may."""
        if self._used() > MEMORY:
            self._limit(False)
            self._runtime.gccollect()
        if self._used() > MEMORY:
            self._let_go()
        self._limit()

    def _let_go(self) -> None:
        """Free what Lua holds for objects of Python that are gone, or about to go.

        The last exception that a script caught is kept by lupa, and all that was going on then with it, until
        there is another.
        """
        with suppress(Exception):
            self._compile(b"redis.sha1hex()")()
        gc.collect()
        self._runtime.gccollect()

    # What Lua asks

    def _is_interrupted(self) -> bytes | None:
        if self._failure is not None:
            return b"ERR " + str(self._failure).encode()
        self.make_room(0)
        return self._interrupted()

    def _describe(self, problem: Any, name: bytes | None = None) -> tuple[bytes, bytes] | None:
        """What an exception is as an error of Lua: a reply, or a message; None if it is no exception.

        One that nobody raised for Lua ends the script, and is raised by `run`.
        """
        if isinstance(problem, RaisedReply):
            return b"counted" if problem.counted else b"reply", problem.text
        if isinstance(problem, RaisedMessage):
            return b"message" if problem.positioned else b"bare", problem.text
        if isinstance(problem, BadArgument):
            text = b"bad argument #%d to '%b' (%b)" % (problem.place + 1, name or b"?", problem.text)
            return b"message", text
        if not isinstance(problem, BaseException):
            return None
        self._failure = problem
        return b"bare", str(problem).encode()

    def _last_return(self) -> int:
        """The line of the last `return` in the script."""
        return self._source[: self._source.rfind(b"return")].count(b"\n") + 1

    # Compiling and running

    def compile(self, source: bytes) -> Chunk:
        """The script `source`, ready to be run. ResponseError if it is not Lua."""
        self._settle()
        try:
            self.make_room(4 * len(source))
            compiled = self._compile(source)
        except (self._too_large, LuaRaised):
            compiled = None, NOT_ENOUGH_MEMORY
        self._raise_failure()
        if type(compiled) is tuple:
            raise ResponseError(f"Error compiling script (new function): {text_of(compiled[1])}")
        return Chunk(compiled, source)

    def load(self, source: bytes) -> list[Registered]:
        """The functions that the library `source` registers. ResponseError if it is not Lua, or fails."""
        self._settle()
        self._source = source
        try:
            self.make_room(4 * len(source))
            outcome = self._load(source)
        except (self._too_large, LuaRaised):
            outcome = b"uncompiled", NOT_ENOUGH_MEMORY
        self._raise_failure()
        if outcome[0] == b"uncompiled":
            raise ResponseError(f"Error compiling function: {text_of(outcome[1])}")
        if outcome[0] != b"functions":
            raise ResponseError(f"Error registering functions: {text_of(outcome[1])}")
        values = self.elements(outcome[1:])
        return [
            _registered(source, *values[first : first + _PER_FUNCTION])
            for first in range(0, len(values), _PER_FUNCTION)
        ]

    def run(self, chunk: Chunk, keys: Sequence[bytes], args: Sequence[bytes]) -> Outcome:
        """What the script came to. An exception that is no error of Lua is raised."""
        if self._unlimited or self._used() > MEMORY:
            self._settle()
        self._source = chunk.source
        try:
            if len(keys) + len(args) > _MOST_ARGUMENTS:
                first, second = self._table_of_arguments(keys), self._table_of_arguments(args)
                outcome = self._run(chunk.function, -1, first, second)
            else:
                if sum(map(len, keys)) + sum(map(len, args)) > _SMALL:
                    self.make_room(sum(map(len, (*keys, *args))))
                outcome = self._run(chunk.function, len(keys), *keys, *args)
        except (self._too_large, LuaRaised):
            outcome = b"broken", NOT_ENOUGH_MEMORY
        self._raise_failure()
        return outcome

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None and not isinstance(failure, MemoryError):
            raise failure

    def _table_of_arguments(self, values: Sequence[bytes]) -> Any:
        self.make_room(sum(map(len, values)) + _PER_VALUE * len(values))
        return self._table(values)

    def elements(self, values: tuple[Any, ...]) -> list[Any]:
        """The elements of an outcome that has several, after its kind."""
        count, rest = values[0], values[1:]
        if len(rest) == count:
            return list(rest)
        elements: list[Any] = []
        for first in range(1, count + 1, _SLICE):
            last = min(first + _SLICE - 1, count)
            piece = self._slice(rest[0], first, last)
            elements += piece if last > first else (piece,)
        return elements

    def outcome_of(self, table: Any) -> Outcome:
        """What a table within an outcome is."""
        return self._shape(table)


def _registered(
    source: bytes, name: bytes, description: bytes | bool, flags: bytes, first: int, last: int, callable_: Any
) -> Registered:
    lines = source.split(b"\n")[:last]
    own = b"\n" * (first - 1) + b"\n".join(lines[max(0, first - 1) :])
    return Registered(
        name,
        description if isinstance(description, bytes) else None,
        frozenset(filter(None, flags.decode().split(","))),
        Chunk(callable_, own),
    )


def _source(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


def _no_attributes(value: Any, name: Any, setting: bool) -> Any:
    raise AttributeError("a script has no way into Python")
