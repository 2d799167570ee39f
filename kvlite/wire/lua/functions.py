"""The libraries of functions of one instance: those of FUNCTION LOAD, and what FCALL calls.

The store keeps the code of each library, as data that belongs to no key. What Lua makes of it is kept here,
and is made anew, when somebody asks, from whatever the store has come to keep: by a load, a rollback, a
recovery. Without Lua libraries can still be dumped, deleted, and kept.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import ResponseError
from ...globs import compile_glob
from ...keyspace import Keyspace
from ...rdb.payload import dump_libraries, load_libraries
from ..replies import Reply
from ..resp import split_words
from .running import FLAGS, text_of

if TYPE_CHECKING:
    from ..instance import Instance
    from .engine import Chunk
    from .redis_library import RedisLibrary

logger = logging.getLogger("kvlite")

SECONDS_TO_LOAD = 0.5
"""How long a library may take to register its functions."""
SECONDS_TO_LOAD_AGAIN = 10.0
"""The same for one that was loaded before and comes from the disk."""
TIMED_OUT = b"ERR FUNCTION LOAD timeout"
BAD_NAME = (
    "Library names can only contain letters, numbers, or underscores(_) "
    "and must be at least one character long"
)
BAD_NUMBER_OF_KEYS = "Bad number of keys provided"
POLICIES = (b"FLUSH", b"APPEND", b"REPLACE")
_is_name = re.compile(rb"[A-Za-z0-9_]+").fullmatch


@dataclass(slots=True, eq=False)
class Function:
    """One that can be called."""

    kind: ClassVar[str] = "FUNCTION"
    name: bytes
    description: bytes | None
    flags: frozenset[str]
    chunk: Chunk
    library: RedisLibrary

    @property
    def shown_flags(self) -> list[bytes]:
        """In the order in which Redis prints them."""
        return [flag.encode() for flag in FLAGS if flag in self.flags]


@dataclass(slots=True, eq=False)
class Library:
    """One that has been loaded."""

    name: bytes
    code: bytes
    functions: list[Function] = field(default_factory=list)


class Functions:
    """The libraries of one instance, as Lua has them."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._shared = instance.store._shared
        self._lua: RedisLibrary | None = None
        self._deadline: float | None = None
        """When a library that is being loaded must have come to its end."""
        self._kept: dict[bytes, bytes] = {}
        """What the store kept when this was made of it."""
        self._libraries: dict[bytes, Library] = {}
        self._functions: dict[bytes, Function] = {}
        """By their names in lower case."""

    # Asking

    def find(self, name: bytes) -> Function:
        """The function of this name, in whatever case; ResponseError if there is none."""
        if self._kept is not self._shared.libraries:
            with self._shared.lock:
                self._catch_up()
        function = self._functions.get(name.lower())
        if function is None:
            raise ResponseError("Function not found")
        return function

    def libraries(self, pattern: bytes) -> list[Library]:
        """Those whose name matches `pattern`, whatever its case. Under the lock."""
        self._catch_up()
        matches = compile_glob(pattern.lower())
        return [library for library in self._libraries.values() if matches(library.name.lower())]

    def stats(self) -> Reply:
        """What FUNCTION STATS tells. ResponseError while a script runs. The lock is not waited for."""
        run = self._instance.running
        if run is not None and run.program.kind != "FUNCTION":
            raise self._instance.runner.busy_error()
        running: Reply = None
        if run is not None:
            running = {
                b"name": run.program.name,
                b"command": list(run.command),
                b"duration_ms": int(run.seconds * 1000),
            }
        libraries, functions = self.counts()
        counts: Reply = {b"libraries_count": libraries, b"functions_count": functions}
        return {b"running_script": running, b"engines": {b"LUA": counts}}

    def counts(self, strict: bool = True) -> tuple[int, int]:
        """How many libraries and functions there are. Without Lua an error if `strict`, else none."""
        if self._instance.running is None:
            with self._shared.lock, nullcontext() if strict else suppress(ResponseError):
                self._catch_up()
        return len(self._shared.libraries), len(self._functions)

    @property
    def memory(self) -> int:
        """What Lua holds, in bytes."""
        return 0 if self._lua is None else self._lua.engine.memory

    @property
    def size(self) -> int:
        """Of the code of all libraries, in bytes."""
        return sum(map(len, self._shared.libraries.values()))

    # Changing, each as one change of the store. Under its lock

    def load(self, store: Keyspace[Any], code: bytes, replace: bool) -> bytes:
        """Take in the library `code`: its name. ResponseError, and nothing changes, if it cannot be."""
        name = library_name(code)
        self._catch_up()
        if name in self._libraries and not replace:
            raise ResponseError(f"Library '{name.decode()}' already exists")
        library = self._loaded(name, code)
        self._refuse_doubles(library, [each for each in self._libraries.values() if each.name != name])
        store._effect_library(name, code)
        self._take_in([library])
        return name

    def dump(self) -> bytes:
        """All libraries in one payload, as Redis has it."""
        return dump_libraries(self._shared.libraries.values(), self._shared.limits)

    def restore(self, store: Keyspace[Any], payload: bytes, policy: bytes) -> None:
        """Take in the libraries of a payload, all or none.

        By the policy FLUSH they replace all others, by REPLACE those with their names; by APPEND no other may
        have the name of one. ResponseError, and nothing changes, if it cannot be done.
        """
        policy = policy.upper()
        if policy not in POLICIES:
            raise ResponseError(
                "Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."
            )
        self._catch_up()
        new: dict[bytes, Library] = {}
        for code in load_libraries(payload):
            name = library_name(code)
            if name in new:
                raise ResponseError(f"Library '{name.decode()}' already exists")
            library = self._loaded(name, code)
            self._refuse_doubles(library, new.values())
            new[name] = library
        old = {} if policy == b"FLUSH" else self._libraries
        for name in new:
            if name in old and policy == b"APPEND":
                raise ResponseError(f"Library {name.decode()} already exists")
        for library in new.values():
            self._refuse_doubles(library, [each for each in old.values() if each.name not in new])
        store._begin()
        try:
            store._keep_libraries({name: library.code for name, library in (old | new).items()})
        finally:
            store._end()
        self._take_in(new.values())

    # What Lua makes of them. Under the lock

    def _catch_up(self) -> None:
        """Make of the libraries that the store keeps by now what Lua makes of them."""
        if self._kept is self._shared.libraries:
            return
        known = self._libraries
        libraries = []
        for name, code in self._shared.libraries.items():
            library = known.get(name)
            if library is None or library.code != code:
                library = self._loaded_again(name, code)
            libraries.append(library)
        self._libraries = {}
        self._take_in(libraries)

    def _take_in(self, libraries: Iterable[Library]) -> None:
        """Go on with these and with those of before that the store still keeps."""
        self._kept = kept = self._shared.libraries
        known = self._libraries | {library.name: library for library in libraries}
        self._libraries = {name: known[name] for name in kept}
        self._functions = {
            function.name.lower(): function
            for library in self._libraries.values()
            for function in library.functions
        }

    def _loaded(self, name: bytes, code: bytes, seconds: float = SECONDS_TO_LOAD) -> Library:
        if self._lua is None:
            from .redis_library import RedisLibrary

            self._lua = RedisLibrary(self._instance, self._interrupted, for_functions=True)
        lua = self._lua
        self._deadline = time.monotonic() + seconds
        try:
            _, newline, body = code.partition(b"\n")
            registered = lua.engine.load(newline + body)
        finally:
            self._deadline = None
        if not registered:
            raise ResponseError("No functions registered")
        return Library(name, code, [Function(*each, lua) for each in registered])

    def _loaded_again(self, name: bytes, code: bytes) -> Library:
        """A library that was loaded before. If that fails now, it has no functions."""
        try:
            return self._loaded(name, code, SECONDS_TO_LOAD_AGAIN)
        except ResponseError as error:
            if self._lua is None:
                raise  # there is no Lua
            logger.error("the library %s cannot be loaded any more: %s", name.decode(), error)
            return Library(name, code)

    def _interrupted(self) -> bytes | None:
        if self._deadline is None:
            return self._instance.runner.interrupted()
        return TIMED_OUT if time.monotonic() > self._deadline else None

    @staticmethod
    def _refuse_doubles(library: Library, others: Iterable[Library]) -> None:
        taken = {function.name.lower() for other in others for function in other.functions}
        for function in library.functions:
            if function.name.lower() in taken:
                raise ResponseError(f"Function {function.name.decode()} already exists")


def library_name(code: bytes) -> bytes:
    """The name that the first line of a library gives to it; ResponseError if there is something wrong."""
    if not code.startswith(b"#!"):
        raise ResponseError("Missing library metadata")
    line, newline, _ = code.partition(b"\n")
    words = split_words(line)
    if not newline or b"\0" in line or not words:
        raise ResponseError("Invalid library metadata")
    name: bytes | None = None
    for word in words[1:]:
        if word[:5].lower() != b"name=":
            raise ResponseError(f"Invalid metadata value given: {text_of(word)}")
        if name is not None:
            raise ResponseError("Invalid metadata value, name argument was given multiple times")
        name = word[5:]
    if name is None:
        raise ResponseError("Library name was not given")
    if not _is_name(name):
        raise ResponseError(BAD_NAME)
    engine = words[0][2:]
    if engine.lower() != b"lua":
        raise ResponseError(f"Engine '{text_of(engine)}' not found")
    return name
