"""Pure data structures: the values a key can hold, with no notion of keys, time or other values."""

from .collection import KINDS, Collection

__all__ = ["KINDS", "Collection"]
