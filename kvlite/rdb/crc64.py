"""The CRC that Redis puts behind a payload: 64 bits, Jones's polynomial, bits reflected, 0 at the start."""

from __future__ import annotations

POLYNOMIAL = 0x95AC9329AC4BC9B5
"""Reflected: the highest power is the lowest bit."""


def _of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ POLYNOMIAL if byte & 1 else byte >> 1
    return byte


_TABLE = [_of_byte(byte) for byte in range(256)]


def crc64(data: bytes) -> int:
    """The checksum of `data`. O(n).

    >>> hex(crc64(b"123456789"))
    '0xe9c6d914c4b8d9ca'
    """
    table, crc = _TABLE, 0
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc
