"""The library `bit`: operations on numbers as 32 bits, with the answers of BitOp."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_, or_, xor
from typing import Any

from .arguments import float_bits, number, signed

_MAGIC = 2.0**52 + 2.0**51
"""Added to a double it leaves the integer nearest to it in its lowest bits."""
_ALL = 0xFFFFFFFF


def _bits(args: tuple[Any, ...], place: int) -> int:
    value = number(args, place)
    if type(value) is int and -(2**51) < value < 2**51:
        return value & _ALL
    return float_bits(value + _MAGIC) & _ALL


def _answer(bits: int) -> int:
    return signed(bits, 32)


def tobit(*args: Any) -> int:
    return _answer(_bits(args, 0))


def bnot(*args: Any) -> int:
    return _answer(~_bits(args, 0) & _ALL)


def bswap(*args: Any) -> int:
    return int.from_bytes(_bits(args, 0).to_bytes(4, "big"), "little", signed=True)


def _folding(operation: Callable[[int, int], int]) -> Callable[..., int]:
    def fold(*args: Any) -> int:
        values = [_bits(args, place) for place in range(max(1, len(args)))]
        return _answer(reduce(operation, values))

    return fold


def _shifting(shift: Callable[[int, int], int]) -> Callable[..., int]:
    def shifted(*args: Any) -> int:
        return _answer(shift(_bits(args, 0), _bits(args, 1) & 31) & _ALL)

    return shifted


def _rotated(bits: int, left: int) -> int:
    return bits << left | bits >> (32 - left)


def tohex(*args: Any) -> bytes:
    """As many of the lowest digits as the second argument says, in capitals if that is negative; 8."""
    bits = _bits(args, 0)
    digits = signed(_bits(args, 1), 32) if len(args) > 1 else 8
    form = "%08X" if digits < 0 else "%08x"
    digits = min(abs(digits), 8)
    return (form % bits)[8 - digits :].encode()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tobit": tobit,
    "tohex": tohex,
    "bnot": bnot,
    "bswap": bswap,
    "band": _folding(and_),
    "bor": _folding(or_),
    "bxor": _folding(xor),
    "lshift": _shifting(lambda bits, count: bits << count),
    "rshift": _shifting(lambda bits, count: bits >> count),
    "arshift": _shifting(lambda bits, count: signed(bits, 32) >> count),
    "rol": _shifting(_rotated),
    "ror": _shifting(lambda bits, count: _rotated(bits, -count & 31)),
}
