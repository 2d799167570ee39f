"""Libraries of functions within the process: what FCALL and FUNCTION do, as methods of a store.

The store keeps them like its data, and without its keys: FLUSHALL leaves them. Lua itself comes with the
extra `lua`, and is imported when a library is loaded or a function is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .encoding import Encodable, encode, integer
from .errors import ResponseError
from .keyspace import Keyspace, T
from .scripts import instance_of, kill, run, to_python

if TYPE_CHECKING:
    from .wire.lua.functions import Functions as Registry
    from .wire.lua.functions import Library


class Functions(Keyspace[T]):
    """Libraries and their functions: function_load(), function_list(), fcall(), ..."""

    def fcall(self, function: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """Call a function of a library as one change, of which nobody sees a half: what it returns.

        The first `numkeys` of `keys_and_args` are its keys, the others its arguments; it is given two tables.
        Its name may be written in any case. A table comes back as a list, nil as None, a number as an int
        without its fraction. A function that fails raises ResponseError; what it has written until then
        stays. ResponseError too if there is no such function, or not the extra `lua`.
        """
        return self._fcall(b"FCALL", function, numkeys, keys_and_args)

    def fcall_ro(self, function: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `fcall`, for a function with the flag `no-writes`: ResponseError for another."""
        return self._fcall(b"FCALL_RO", function, numkeys, keys_and_args, read_only=True)

    def function_load(self, code: str | bytes, replace: bool | None = False) -> T:
        """Load the library `code`, whose first line is `#!lua name=...`, and keep it: its name.

        It must register one function at least. With `replace` it may take the place of a library of the same
        name. ResponseError, and nothing changes, if it is not Lua, if it fails or takes longer than half a
        second, or if there is a library or, in another one, a function of the same name.
        """
        return self._one(self._function_load(encode(code), bool(replace)))

    def function_delete(self, library: str | bytes) -> bool:
        """Forget a library and its functions. True; ResponseError if there is none of this name."""
        self._function_delete(encode(library))
        return True

    def function_flush(self, mode: str = "SYNC") -> bool:
        """Forget all libraries. True. It is done at once, whatever `mode` says: "SYNC" or "ASYNC"."""
        self._function_flush(encode(mode))
        return True

    def function_list(self, library: str | None = "*", withcode: bool | None = False) -> list[Any]:
        """The libraries whose name matches the pattern `library`, whatever its case.

        Each is a list of names and values, as it was in RESP2: `library_name`, `engine`, `functions`, and
        with `withcode` the `library_code`. So is each function: `name`, `description`, which may be None, and
        `flags`.
        """
        return [
            self._flat(
                library_name=found.name,
                engine=b"LUA",
                functions=[
                    self._flat(
                        name=each.name, description=each.description, flags=self._many(each.shown_flags)
                    )
                    for each in found.functions
                ],
                **({"library_code": found.code} if withcode else {}),
            )
            for found in self._function_list(encode(library))  # type: ignore[arg-type]
        ]

    def function_stats(self) -> dict[T, Any]:
        """What is running, and how many libraries and functions there are.

        `running_script` is None, or the `name` of the function that another thread runs, the `command` that
        called it, and for how long it has been running, `duration_ms`. ResponseError while a script runs.
        """
        stats: dict[T, Any] = to_python(self, instance_of(self).functions.stats())
        return stats

    def function_kill(self) -> T:
        """End the function that another thread runs. OK.

        ResponseError if there is none, or if it has written already: then it can only be waited for.
        """
        kill(self, "FUNCTION")
        return self._one(b"OK")

    def function_dump(self) -> bytes:
        """All libraries as one payload, which a Redis restores too."""
        return self._functions.dump()

    def function_restore(self, payload: bytes, policy: str | None = "APPEND") -> bool:
        """Load the libraries of a payload of `function_dump`, or of a Redis, all or none. True.

        By the policy "APPEND" none of them may be there; by "REPLACE" they take the place of those of the
        same names; by "FLUSH" of all others. ResponseError, and nothing changes, if the payload is none or if
        two libraries or functions would have the same name.
        """
        self._function_restore(encode(payload), encode(policy))  # type: ignore[arg-type]
        return True

    # Halves

    def _function_load(self, code: bytes, replace: bool) -> bytes:
        self._acquire()
        try:
            return self._functions.load(self, code, replace)
        finally:
            self._release()

    def _function_delete(self, name: bytes) -> None:
        self._acquire()
        try:
            if name not in self._shared.libraries:
                raise ResponseError("Library not found")
            self._effect_forget_library(name)
        finally:
            self._release()

    def _function_flush(self, mode: bytes) -> None:
        if mode.upper() not in (b"SYNC", b"ASYNC"):
            raise ResponseError("FUNCTION FLUSH only supports SYNC|ASYNC option")
        self._acquire()
        try:
            self._begin()
            try:
                self._keep_libraries({})
            finally:
                self._end()
        finally:
            self._release()

    def _function_list(self, pattern: bytes) -> list[Library]:
        self._acquire()
        try:
            return self._functions.libraries(pattern)
        finally:
            self._release()

    def _function_restore(self, payload: bytes, policy: bytes) -> None:
        self._acquire()
        try:
            self._functions.restore(self, payload, policy)
        finally:
            self._release()

    def _fcall(
        self,
        command: bytes,
        function: str | bytes,
        numkeys: int,
        keys_and_args: tuple[Encodable, ...],
        read_only: bool = False,
    ) -> Any:
        from .wire.lua.functions import BAD_NUMBER_OF_KEYS

        name = encode(function)
        found = self._functions.find(name)
        return run(self, found, command, name, integer(numkeys, BAD_NUMBER_OF_KEYS), keys_and_args, read_only)

    @property
    def _functions(self) -> Registry:
        return instance_of(self).functions

    def _flat(self, **values: Any) -> list[Any]:
        """Names and values in turn, as replies have them; bytes become what a reply is made of."""
        return [
            half if isinstance(half, list) or half is None else self._one(half)
            for name, value in values.items()
            for half in (name.encode(), value)
        ]
