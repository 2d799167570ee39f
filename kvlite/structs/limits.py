"""Redis's settings for how values are kept: what may be packed closely, and how a list is cut."""

from __future__ import annotations

NEVER = -1


class Limits:
    """The settings of one store, under Redis's names with underscores.

    A small hash or sorted set is a listpack to Redis, a small set of integers an intset. What grows beyond a
    limit is converted by the write that makes it grow, and stays so when it shrinks or the limit rises.

    >>> limits = Limits()
    >>> limits.get("hash-max-ziplist-entries")
    512
    >>> limits.set("hash-max-listpack-entries", 2)
    >>> limits.hash_max_listpack_entries
    2
    """

    __slots__ = (
        "hash_max_listpack_entries",
        "hash_max_listpack_value",
        "hash_text_in_place",
        "hll_sparse_max_bytes",
        "list_compress_depth",
        "list_max_listpack_size",
        "proto_max_bulk_len",
        "rdbcompression",
        "set_max_intset_entries",
        "stream_node_max_bytes",
        "stream_node_max_entries",
        "zset_max_listpack_entries",
        "zset_max_listpack_value",
    )

    def __init__(self) -> None:
        self.hash_max_listpack_entries = 512
        """How many fields a listpack may have."""
        self.hash_max_listpack_value = 64
        """How many bytes a field of a listpack, or its text, may have."""
        self.hash_text_in_place = 64
        """A text of so many bytes may be given to a field of any listpack with no further question."""
        self.zset_max_listpack_entries = 128
        """How many members a listpack may have."""
        self.zset_max_listpack_value = 64
        """How many bytes a member of a listpack may have."""
        self.set_max_intset_entries = 512
        """How many members an intset may have."""
        self.hll_sparse_max_bytes = 3000
        """How many bytes a sparse HyperLogLog may have."""
        self.stream_node_max_bytes = 4096
        """How many bytes a node of a stream may have, 0 for no limit."""
        self.stream_node_max_entries = 100
        """How many entries a node of a stream may have, 0 for no limit."""
        self.list_max_listpack_size = -2
        """How many elements a node of a list may have; -1 to -5 are 4, 8, 16, 32 and 64 kB instead."""
        self.list_compress_depth = 0
        """How many nodes at each end of a list are not compressed; 0 for all."""
        self.proto_max_bulk_len = 512 * 1024 * 1024
        """How many bytes a string may have."""
        self.rdbcompression = True
        """Whether DUMP compresses strings."""

    def get(self, name: str) -> int:
        """The setting that Redis calls so; KeyError if it is none of these. O(1)."""
        value: int = getattr(self, NAMES[name])
        return value

    def set(self, name: str, value: int) -> None:
        """Give the setting that Redis calls so a value, for writes to come; KeyError if it is none of these.

        What is there stays as it is until then. O(1).
        """
        attribute = NAMES[name]
        before = getattr(self, attribute)
        setattr(self, attribute, value)
        if attribute in ("hash_max_listpack_entries", "hash_max_listpack_value"):
            # Below a limit that was lowered there may be a listpack that any write converts.
            lowered = value < before or self.hash_text_in_place == NEVER
            self.hash_text_in_place = NEVER if lowered else self.hash_max_listpack_value


DEFAULTS = Limits()

SETTINGS = {name.replace("_", "-"): name for name in Limits.__slots__ if name != "hash_text_in_place"}
"""The attribute for each of Redis's names."""
NAMES = SETTINGS | {name.replace("listpack", "ziplist"): attribute for name, attribute in SETTINGS.items()}
"""The same, with the names of older versions among them."""
