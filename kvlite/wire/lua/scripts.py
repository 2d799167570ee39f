"""The scripts that an instance knows: those of EVAL and SCRIPT LOAD."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ...errors import NoScriptError, ResponseError
from ..resp import split_words
from .running import FLAGS, text_of

if TYPE_CHECKING:
    from ..instance import Instance
    from .engine import Chunk
    from .redis_library import RedisLibrary

MOST_EVALUATED = 1000
"""How many scripts are kept that were only evaluated: the oldest goes. Those that were loaded all stay."""
NO_SCRIPT = "No matching script. Please use EVAL."


@dataclass(slots=True, eq=False)
class Script:
    """One that has been compiled."""

    kind: ClassVar[str] = "SCRIPT"
    source: bytes
    name: bytes
    """The SHA1 of the source, in hexadecimal."""
    flags: frozenset[str] | None
    """What its first line says it will and will not do; None if it says nothing."""
    chunk: Chunk
    library: RedisLibrary
    loaded: bool = False
    """It was loaded, not just evaluated."""


class Scripts:
    """The scripts of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._by_source: dict[bytes, Script] = {}
        self._by_sha: dict[bytes, Script] = {}
        self._library: RedisLibrary | None = None

    def find(self, sha: bytes) -> Script:
        """The script with this SHA1; NoScriptError if it is unknown."""
        script = self._by_sha.get(sha) or self._by_sha.get(sha.lower())
        if script is None:
            raise NoScriptError(NO_SCRIPT)
        return script

    def knows(self, sha: bytes) -> bool:
        return sha.lower() in self._by_sha

    def evaluated(self, source: bytes) -> Script:
        """The script `source`, compiled if it is not known; ResponseError if it is no script."""
        return self._by_source.get(source) or self._add(source)

    def load(self, source: bytes) -> Script:
        """As `evaluated`, and to be kept until `flush`."""
        script = self.evaluated(source)
        script.loaded = True
        return script

    def _add(self, source: bytes) -> Script:
        flags, body = _without_shebang(source)
        with self._instance.store._shared.lock:
            library = self._lua
            script = Script(source, sha1(source), flags, library.engine.compile(body), library)
            self._by_source[source] = self._by_sha[script.name] = script
            self._forget_one()
        return script

    def _forget_one(self) -> None:
        if len(self._by_sha) <= MOST_EVALUATED:
            return
        evaluated = [script for script in self._by_sha.values() if not script.loaded]
        for script in evaluated[: len(evaluated) - MOST_EVALUATED]:
            del self._by_source[script.source], self._by_sha[script.name]

    def flush(self) -> None:
        """Forget all scripts."""
        self._by_source.clear()
        self._by_sha.clear()

    @property
    def _lua(self) -> RedisLibrary:
        if self._library is None:
            # Whoever runs no script needs nothing of it.
            from .redis_library import RedisLibrary

            self._library = RedisLibrary(self._instance, self._instance.runner.interrupted)
        return self._library

    @property
    def count(self) -> int:
        return len(self._by_sha)

    @property
    def size(self) -> int:
        """Of the sources, in bytes."""
        return sum(map(len, list(self._by_source)))

    @property
    def memory(self) -> int:
        """What Lua holds, in bytes."""
        return 0 if self._library is None else self._library.engine.memory


def sha1(source: bytes) -> bytes:
    return hashlib.sha1(source, usedforsecurity=False).hexdigest().encode()


def _without_shebang(source: bytes) -> tuple[frozenset[str] | None, bytes]:
    """What the first line says, if it begins with `#!`, and what is left for Lua, on the lines it was on."""
    if not source.startswith(b"#!"):
        return None, source
    line, newline, rest = source.partition(b"\n")
    if not newline:
        raise ResponseError("Invalid script shebang")
    words = split_words(line)
    if not words:
        raise ResponseError("Invalid engine in script shebang")
    if words[0] != b"#!lua":
        raise ResponseError(f"Unexpected engine in script shebang: {text_of(words[0])}")
    flags: set[str] = set()
    for word in map(text_of, words[1:]):
        if not word.startswith("flags="):
            raise ResponseError(f"Unknown lua shebang option: {word}")
        named = word.removeprefix("flags=")
        for flag in named.split(",") if named else ():
            if flag not in FLAGS:
                raise ResponseError(f"Unexpected flag in script shebang: {flag}")
            flags.add(flag)
    return frozenset(flags), newline + rest
