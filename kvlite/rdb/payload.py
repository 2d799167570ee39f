"""Whole payloads: an object with its version and its checksum."""

from __future__ import annotations

from ..errors import BAD_DATA_FORMAT, BAD_PAYLOAD, ResponseError
from ..structs import Collection
from ..structs.limits import Limits
from .crc64 import crc64
from .reader import read
from .source import BadFormat
from .writer import write

VERSION = 10
FOOTER_SIZE = 10


def dump(value: object, limits: Limits) -> bytes:
    """The payload of a value: what DUMP answers. O(n)."""
    body = write(value, limits) + VERSION.to_bytes(2, "little")
    return body + crc64(body).to_bytes(8, "little")


def load(payload: bytes, limits: Limits) -> bytes | Collection:
    """The value that a payload, of this version or an older one, was made from. O(n).

    A ResponseError with Redis's text for every other bytes. No memory is taken for what they announce and do
    not have.
    """
    # Redis reads the object from the whole payload, so what is behind it in there is not looked at.
    version = int.from_bytes(payload[-FOOTER_SIZE:-8], "little")
    checksum = crc64(payload[:-8]).to_bytes(8, "little")
    if len(payload) < FOOTER_SIZE or version > VERSION or checksum != payload[-8:]:
        raise ResponseError(BAD_PAYLOAD)
    try:
        return read(payload, limits)
    except BadFormat:
        raise ResponseError(BAD_DATA_FORMAT) from None
