"""What DUMP gives and RESTORE takes: values in the format of Redis's snapshots, version 10.

    payload = type (u8)  object  version (u16)  crc64 of all before (u64)

The two numbers at the end are little-endian. `writer` writes what Redis 7.0 writes; `reader` reads what it
reads, the encodings of its older versions too.
"""

from .payload import dump, load

__all__ = ["dump", "load"]
