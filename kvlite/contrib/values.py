"""What a framework's cache keeps of a value: the digits of an integer, to count with; else a pickle."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..cache.serializers import Serializer

UNREADABLE = object()
"""What `read` gives for bytes that nothing can be made of: another version's, or somebody else's."""


class Pickles:
    """Python's own format: takes nearly every object. Read it only where none but the application writes."""

    def dumps(self, value: Any) -> bytes:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def loads(self, data: bytes) -> Any:
        return pickle.loads(data)


def chosen(serializer: Serializer | str) -> Serializer:
    """The serializer that is given or named.

    TypeError for what has no dumps and loads, ValueError for an unknown name.
    """
    if isinstance(serializer, Pickles):
        return serializer
    from ..cache.serializers import Types, serializer_of  # which takes msgpack

    return serializer_of(serializer, Types())


def written(value: Any, serializer: Serializer) -> bytes | int:
    return value if type(value) is int else serializer.dumps(value)


def read(data: bytes, serializer: Serializer) -> Any:
    """The value that was written as `data`, or UNREADABLE."""
    try:
        return int(data)
    except ValueError:
        pass
    try:
        return serializer.loads(data)
    except Exception:
        return UNREADABLE
