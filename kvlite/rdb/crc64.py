"""The CRC that Redis puts behind a payload: 64 bits, Jones's polynomial, bits reflected, 0 at the start.

Bytes are polynomials over the field of two elements, and the checksum is what division by the polynomial
leaves. Reflected, the highest power comes first: it is the lowest bit of the first byte.
"""

from __future__ import annotations

from functools import cache

POLYNOMIAL = 0x95AC9329AC4BC9B5
ONE = 1 << 63
SHORT = 1024
"""So few bytes are divided one by one."""


def crc64(data: bytes) -> int:
    """The checksum of `data`. O(n), and for long data a few milliseconds for a megabyte.

    >>> hex(crc64(b"123456789"))
    '0xe9c6d914c4b8d9ca'
    """
    if len(data) <= SHORT:
        return _divide(data)
    number, bits = int.from_bytes(data, "little"), 8 * len(data)
    while bits > 8 * SHORT:
        # With `bits` more behind it, the first half is worth itself times a power of x. Instead of that power
        # its remainder will do, and the product with that is no longer than the second half.
        first = (bits - 64) // 16 * 8
        bits -= first
        product = _product(number & ((1 << first) - 1), _power(bits))
        number = number >> first ^ product << bits - first - 63
    return _divide(number.to_bytes(bits // 8, "little"))


def _divide(data: bytes) -> int:
    table, crc = _TABLE, 0
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc


def _product(long: int, factor: int) -> int:
    """The product of a long polynomial and one of 64 bits, undivided."""
    product = 0
    for place in range(64):
        if factor >> place & 1:
            product ^= long << place
    return product


def _power(exponent: int) -> int:
    """The remainder of x to the power of `exponent`."""
    power, place = ONE, 0
    while exponent:
        if exponent & 1:
            power = _remainder(power, _square(place))
        exponent >>= 1
        place += 1
    return power


@cache
def _square(times: int) -> int:
    """The remainder of x, squared so many times."""
    return ONE >> 1 if times == 0 else _remainder(_square(times - 1), _square(times - 1))


def _remainder(one: int, other: int) -> int:
    """The remainder of a product."""
    found = 0
    while other:
        if other & ONE:
            found ^= one
        other = other << 1 & (1 << 64) - 1
        one = _times_x(one)
    return found


def _times_x(number: int) -> int:
    return number >> 1 ^ POLYNOMIAL if number & 1 else number >> 1


def _of_byte(byte: int) -> int:
    for _ in range(8):
        byte = _times_x(byte)
    return byte


_TABLE = [_of_byte(byte) for byte in range(256)]
