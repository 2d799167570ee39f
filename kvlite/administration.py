"""Looking at a store as a whole and steering it, without a server: CONFIG, INFO and PING as methods.

The table of parameters and the sections are the wire's; they are imported when one of these is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .encoding import Encodable, encode
from .errors import SYNTAX, ResponseError
from .keyspace import Keyspace, T

if TYPE_CHECKING:
    from .wire.instance import Instance


class Administration(Keyspace[T]):
    """config_get(), config_set(), config_resetstat(), info(), ping()."""

    def _instance(self) -> Instance:
        from .wire.instance import Instance

        self._check_open()
        return Instance.of(self)

    def config_get(self, pattern: Encodable = "*", *args: Encodable) -> dict[str, str]:
        """Redis's configuration parameters whose names match one of the patterns, with their values as text.

        What a parameter means here, and which of them act, docs/differences.md tells. O(parameters).
        """
        return self._instance().config.matching(map(_text, (pattern, *args)))

    def config_set(self, name: Encodable, value: Encodable, *args: Encodable) -> bool:
        """Set one parameter, or several by further names and values: all or none. True.

        A ResponseError for an unknown name, a value that it cannot have, or one that cannot be changed.
        """
        words = list(map(_text, (name, value, *args)))
        if len(words) % 2:
            raise ResponseError(SYNTAX)
        config = self._instance().config
        protected = config["enable-protected-configs"] != "no"
        config.change(list(zip(words[::2], words[1::2], strict=True)), protected)
        return True

    def config_resetstat(self) -> bool:
        """Begin again to count what `info` tells of commands, lookups and traffic. True."""
        self._instance().reset_statistics()
        return True

    def info(self, section: str | None = None, *args: str) -> dict[str, Any]:
        """What there is to know of the store, in the fields that tools read from a Redis server.

        One or more sections may be named, such as `memory` or `keyspace`, or `all`. Sizes in memory are
        estimates. Commands and lookups are counted where they come from a client, over a network or in this
        process; calls of the store's own methods are not.
        """
        from .wire.info import parsed, text

        sections = [] if section is None else [section, *args]
        return parsed(text(self._instance(), sections))

    def ping(self) -> bool:
        """True; StoreClosedError if the store is closed. O(1)."""
        self._check_open()
        return True


def _text(word: Encodable) -> str:
    return encode(word).decode(errors="surrogateescape")
