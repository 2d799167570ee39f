"""Lua scripts within the process: what EVAL and SCRIPT do, as methods of a store.

Lua itself comes with the extra `lua`. It is imported when the first script is run, and so are the commands of
the wire, which scripts call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .encoding import Encodable, encode, encode_all, integer
from .errors import DataError, NoScriptError, ResponseError
from .keyspace import Keyspace, T

if TYPE_CHECKING:
    from .wire.instance import Instance
    from .wire.lua.running import Program
    from .wire.lua.scripts import Script as Known
    from .wire.lua.scripts import Scripts as Registry


class Scripts(Keyspace[T]):
    """Running scripts and keeping them: eval(), evalsha(), script_load(), register_script(), ..."""

    def eval(self, script: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """Run the Lua `script` as one change: nobody else sees or does anything meanwhile. What it returns.

        The first `numkeys` of `keys_and_args` are its KEYS, the others its ARGV. A table comes back as a
        list, nil as None, a number as an int without its fraction. A script that fails raises ResponseError;
        what it has written until then stays. Without the extra `lua` that is raised as well.
        """
        known = self._scripts.evaluated(encode(script))
        return run(self, known, b"EVAL", known.source, integer(numkeys), keys_and_args)

    def eval_ro(self, script: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `eval`, for a script that does not write: ResponseError if it tries."""
        known = self._scripts.evaluated(encode(script))
        return run(self, known, b"EVAL_RO", known.source, integer(numkeys), keys_and_args, read_only=True)

    def evalsha(self, sha: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `eval`, for a script that is known by its SHA1; NoScriptError if it is not."""
        known = self._known(sha)
        return run(self, known, b"EVALSHA", known.name, integer(numkeys), keys_and_args)

    def evalsha_ro(self, sha: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `eval_ro`, for a script that is known by its SHA1; NoScriptError if it is not."""
        known = self._known(sha)
        return run(self, known, b"EVALSHA_RO", known.name, integer(numkeys), keys_and_args, read_only=True)

    def script_load(self, script: str | bytes) -> str:
        """Keep a script, to be run by `evalsha`: its SHA1. ResponseError if it is not Lua."""
        return self._scripts.load(encode(script)).name.decode()

    def script_exists(self, *args: str | bytes) -> list[bool]:
        """Whether there is a script with each of these SHA1s."""
        if not args:
            raise ResponseError("wrong number of arguments for 'script|exists' command")
        return [self._scripts.knows(encode(sha)) for sha in args]

    def script_flush(self, sync_type: Literal["SYNC", "ASYNC"] | None = None) -> bool:
        """Forget all scripts. True. It is done at once, whatever `sync_type` says."""
        if sync_type not in ("SYNC", "ASYNC", None):
            raise DataError(
                "SCRIPT FLUSH defaults to SYNC in redis > 6.2, or accepts SYNC/ASYNC. For older versions, "
                "of redis leave as None."
            )
        self._scripts.flush()
        return True

    def script_kill(self) -> bool:
        """End the script that another thread runs. True.

        ResponseError if there is none, or if it has written already: then it can only be waited for.
        """
        kill(self, "SCRIPT")
        return True

    def register_script(self, script: str | bytes) -> Script:
        """The `script` as a function: call it with lists of `keys` and `args`."""
        return Script(self, script)

    @property
    def _scripts(self) -> Registry:
        return instance_of(self).scripts

    def _known(self, sha: str | bytes) -> Known:
        from .wire.lua.scripts import NO_SCRIPT

        digest = encode(sha)
        if len(digest) != 40:
            raise NoScriptError(NO_SCRIPT)
        return self._scripts.find(digest)


def instance_of(store: Keyspace[Any]) -> Instance:
    """What the sessions of `store` have in common, and scripts with them."""
    instance: Instance | None = store._shared.instance
    if instance is None:
        from .wire.instance import Instance

        instance = Instance.of(store)
    return instance


def kill(store: Keyspace[Any], kind: str) -> None:
    """End the script or function that another thread runs. ResponseError if there is none, or it has written.

    The lock, which that thread holds, is not waited for.
    """
    from .wire.lua.running import NOT_BUSY

    instance: Instance | None = store._shared.instance
    if instance is None:
        raise ResponseError(NOT_BUSY)
    instance.runner.kill(kind)


def run(
    store: Any,
    program: Program,
    command: bytes,
    word: bytes,
    count: int,
    keys_and_args: Iterable[Encodable],
    read_only: bool = False,
) -> Any:
    """What `program` answers, as Python has it. `command` and `word` are what a client would have called it
    by."""
    from .wire.lua.running import check_count

    words = encode_all(keys_and_args)
    check_count(count, len(words))
    request = [command, word, b"%d" % count, *words]
    runner = instance_of(store).runner
    return to_python(
        store, runner.run(program, words[:count], words[count:], store, request, None, read_only)
    )


def to_python(store: Keyspace[Any], reply: Any) -> Any:
    """What redis-py makes of a reply, with texts as `store` has them."""
    return _converter(isinstance(store._one(b""), str))(reply)


@functools.cache
def _converter(decoding: bool) -> Callable[[Any], Any]:
    from .wire.python import converter

    return converter(3, lambda error: error, bytes.decode if decoding else None)


class Script:
    """A script that is called like a function, as redis-py has it."""

    def __init__(self, registered_client: Keyspace[Any], script: str | bytes) -> None:
        import hashlib

        self.registered_client = registered_client
        self.script = script
        self.sha = hashlib.sha1(encode(script), usedforsecurity=False).hexdigest()

    def __call__(
        self,
        keys: Sequence[Encodable] | None = None,
        args: Iterable[Encodable] | None = None,
        client: Any = None,
    ) -> Any:
        """Run it on its store or on `client`: another store, or a pipeline, which then queues it."""
        on: Any = self.registered_client if client is None else client
        return on.eval(self.script, len(keys or ()), *(keys or ()), *(args or ()))
