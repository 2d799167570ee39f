"""Redis's reading and writing of integers and floating-point numbers.

Redis reads numbers by several rules, and a command's answer depends on which one it uses:

    parse_int            string2ll      every integer argument and every stored integer
    parse_double         string2d       scores, ZINCRBY, WEIGHTS, coordinates and radius of GEO
    parse_score_bound    zslParseRange  min and max of ZRANGEBYSCORE, ZCOUNT, ZRANGE BYSCORE, ...
    parse_sort_weight    sortCommand    what SORT compares by without ALPHA
    parse_long_double    string2ld      INCRBYFLOAT, HINCRBYFLOAT
    parse_timeout        timeout.c      BLPOP and every other command that blocks, in seconds

Readers return None for bad text; the caller knows which error that is. Rules and texts are those of
redis-server 7.0.15 on x86-64 with glibc, on every machine.
"""

import math
import re
from typing import NamedTuple

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

_is_int_text = re.compile(rb"-?[1-9][0-9]{0,18}").fullmatch
# The common case of a float: no rule of any reader below refuses it, and float() reads it as C does.
_is_plain_text = re.compile(rb"-?[0-9]{1,17}(?:\.[0-9]{1,17})?").fullmatch
# What strtod and strtold read to the end, NaN left out: every caller in Redis refuses it.
_is_float_text = re.compile(
    rb"[+-]?(?:"
    rb"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    rb"|0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?"
    rb"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?"
    rb")"
).fullmatch


def parse_int(text: bytes) -> int | None:
    """The signed 64-bit integer that `text` is the canonical decimal of, as string2ll reads it.

    None for everything else: `+1`, ` 1`, `01`, `-0`, `1.0`, the empty text, 2**63. O(1).
    """
    if text.isdigit() and len(text) < 19 and (text[0] != 48 or text == b"0"):
        return int(text)
    if not _is_int_text(text):
        return None
    value = int(text)
    return value if INT64_MIN <= value <= INT64_MAX else None


def parse_double(text: bytes) -> float | None:
    """The double that `text` says, as string2d reads it: decimal, C99 hexadecimal or infinity.

    None for NaN, for space or NUL anywhere, and for a number too large for a double or so small that it
    would become zero. Subnormals are taken. O(n).
    """
    if _is_plain_text(text):
        return float(text)
    value = _strtod(text)
    return None if value is None or _left_range(text, value) else value


def parse_score_bound(text: bytes) -> tuple[float, bool] | None:
    """One end of a range of scores and whether `(` excludes it, as zslParseRange reads it.

    Laxer than `parse_double`: space may lead, a NUL ends the text, no text is 0, too large is infinity and
    too small is zero. None for the rest. O(n).
    """
    if _is_plain_text(text):
        return float(text), False
    exclusive = text[:1] == b"("
    value = _strtod_c_string(text[1:] if exclusive else text)
    return None if value is None else (value, exclusive)


def parse_sort_weight(text: bytes) -> float | None:
    """The number SORT compares an element by: lax as a score bound, but None where strtod sets ERANGE.

    ERANGE is overflow, underflow to zero and inexact subnormals. Two oddities of Redis are not followed:
    it takes the rare subnormal written exactly (in hexadecimal), and it never clears errno, so that after
    one ERANGE it may refuse good texts as well. O(n).
    """
    value = _strtod_c_string(text)
    if value is None or 0 < abs(value) < 2.0**-1022 or _left_range(text.partition(b"\0")[0], value):
        return None
    return value


def format_double(value: float) -> bytes:
    """The text of a score in RESP2: C's `%.17g`, so 0.1 is `0.10000000000000001` and 3.0 is `3`. O(1)."""
    if value != value and math.copysign(1.0, value) < 0:
        return b"-nan"
    return b"%.17g" % value


def format_human(value: float) -> bytes:
    """The text of a double for people: C's `%.17Lf` without the zeros at its end, never an exponent. O(1)."""
    text = b"%.17f" % value
    if b"." in text:
        text = text.rstrip(b"0").rstrip(b".")
    return b"0" if text == b"-0" else text


def _strtod(text: bytes) -> float | None:
    if not _is_float_text(text):
        return None
    if b"x" in text or b"X" in text:
        try:
            return float.fromhex(text.decode())
        except OverflowError:
            return -math.inf if text[:1] == b"-" else math.inf
    return float(text)


def _strtod_c_string(text: bytes) -> float | None:
    text = text.partition(b"\0")[0]
    return _strtod(text.lstrip()) if text else 0.0


def _left_range(text: bytes, value: float) -> bool:
    """Whether `value` is an infinity or a zero that `text` does not spell."""
    if value == 0:
        mantissa = re.split(rb"[pP]" if b"x" in text.lower() else rb"[eE]", text)[0]
        return bool(mantissa.strip().strip(b"+-0.xX"))
    return math.isinf(value) and b"n" not in text.lower()


class LongDouble(NamedTuple):
    """A long double of x86: `mantissa * 2**exponent`, of 64 bits and a 15-bit exponent, or an infinity.

    The sign of a zero is not kept: no text that Redis writes shows it.
    """

    mantissa: int
    exponent: int

    @property
    def is_infinite(self) -> bool:
        return self.exponent == _INFINITE


_PRECISION = 64
_MIN_EXPONENT = -16445  # of the smallest subnormal
_INFINITE = 16384  # 2**16384 is the first power of two that is too large
_MAX_TEXT = 5 * 1024 - 1  # MAX_LONG_DOUBLE_CHARS, with its NUL


def parse_long_double(text: bytes) -> LongDouble | None:
    """The long double that `text` says, as string2ld reads it: the texts of `parse_double`.

    None also for more than 5119 bytes. Overflow and underflow to zero are None. O(n**2) in the at most
    5119 digits; the size of the exponent costs nothing.
    """
    if len(text) > _MAX_TEXT or not _is_float_text(text):
        return None
    body = text.lower().lstrip(b"+-")
    sign = -1 if text[:1] == b"-" else 1
    if body[:1] == b"i":
        return LongDouble(sign, _INFINITE)
    base, mark = (16, b"p") if body[:2] == b"0x" else (10, b"e")
    mantissa, _, power = body.removeprefix(b"0x").partition(mark)
    whole, _, fraction = mantissa.partition(b".")
    digits = (whole + fraction).lstrip(b"0")
    if not digits:
        return LongDouble(0, 0)

    # Nine digits of an exponent decide as well as all of them.
    exponent = int(power.lstrip(b"+-0")[:9] or b"0") * (-1 if power[:1] == b"-" else 1)
    exponent -= len(fraction) * (4 if base == 16 else 1)
    if abs(exponent) > 40_000:
        return None
    if base == 16:
        value = _round(sign * int(digits, 16), exponent)
    elif exponent >= 0:
        value = _round(sign * _int(digits) * 10**exponent, 0)
    else:
        value = _round_quotient(sign, _int(digits), 10**-exponent)
    return None if value.is_infinite or not value.mantissa else value


def add_long_double(a: LongDouble, b: LongDouble) -> LongDouble | None:
    """The sum, rounded as x86 rounds it; None if it is NaN or infinite, which Redis refuses. O(1)."""
    if a.is_infinite or b.is_infinite:
        return None
    exponent = min(a.exponent, b.exponent)
    total = _round((a.mantissa << a.exponent - exponent) + (b.mantissa << b.exponent - exponent), exponent)
    return None if total.is_infinite else total


def format_long_double(value: LongDouble) -> bytes:
    """The text of a finite long double for people, as ld2string with LD_STR_HUMAN writes it.

    `%.17Lf` without the zeros at its end: never an exponent, at most 4951 bytes. Zero is `0`, and so is
    what 17 decimals cannot show. O(1).
    """
    mantissa, exponent = value
    if exponent >= 0:
        return _digits(mantissa << exponent)
    scaled = _shift_half_even(mantissa * 10**17, -exponent)
    digits = b"%018d" % abs(scaled)
    text = (digits[:-17] + b"." + digits[-17:]).rstrip(b"0").rstrip(b".")
    return b"-" + text if scaled < 0 else text


def parse_timeout(text: bytes) -> int | None:
    """Milliseconds of a timeout in seconds, as getTimeoutFromObjectOrReply reads it; 0 is for ever.

    Rounded up, so -0.0005 is 0. A result below 0 is what Redis calls negative, and what does not fit in
    64 bits is that too, as in the cast of x86: INT64_MIN. None for text that is no long double. O(n).
    """
    seconds = parse_long_double(text)
    if seconds is None:
        return None
    mantissa, exponent = _round(seconds.mantissa * 1000, seconds.exponent)
    milliseconds = mantissa << exponent if exponent >= 0 else -(-mantissa >> -exponent)
    return milliseconds if INT64_MIN <= milliseconds <= INT64_MAX else INT64_MIN


# Past 640 digits Python may refuse to read or write an integer (sys.set_int_max_str_digits). Decimal knows no
# such limit; it is slow to import, and rarely needed.


def _int(digits: bytes) -> int:
    if len(digits) <= 640:
        return int(digits)
    from decimal import Decimal

    return int(Decimal(digits.decode()))


def _digits(number: int) -> bytes:
    if number.bit_length() <= 2000:
        return b"%d" % number
    from decimal import Decimal

    return str(Decimal(number)).encode()


def _shift_half_even(number: int, bits: int) -> int:
    """number / 2**bits, to the nearest integer, a tie to the even one; bits > 0."""
    kept = number >> bits
    tail = number - (kept << bits)
    half = 1 << bits - 1
    return kept + (tail > half or (tail == half and kept & 1))


def _round(mantissa: int, exponent: int) -> LongDouble:
    """The long double nearest to mantissa * 2**exponent."""
    drop = max(mantissa.bit_length() - _PRECISION, _MIN_EXPONENT - exponent)
    if drop > 0:
        mantissa = _shift_half_even(mantissa, drop)
        exponent += drop
    if mantissa.bit_length() + exponent > _INFINITE:
        return LongDouble(-1 if mantissa < 0 else 1, _INFINITE)
    return LongDouble(mantissa, exponent)


def _round_quotient(sign: int, numerator: int, denominator: int) -> LongDouble:
    """The long double nearest to a positive quotient, with its sign."""
    # Two bits more than are kept, the last of them true if anything is left: it rounds as the whole does.
    shift = _PRECISION + 2 + denominator.bit_length() - numerator.bit_length()
    if shift >= 0:
        quotient, rest = divmod(numerator << shift, denominator)
    else:
        quotient, rest = divmod(numerator, denominator << -shift)
    return _round(sign * (quotient | (rest > 0)), -shift)


SIZES = {"": 1, "b": 1, "k": 1000, "kb": 1024, "m": 10**6, "mb": 1024**2, "g": 10**9, "gb": 1024**3}


def parse_size(size: int | str) -> int:
    """A number of bytes, or a text such as "64mb" as Redis's configuration takes it; ValueError for others.

    >>> parse_size("1kb"), parse_size("1k"), parse_size(7)
    (1024, 1000, 7)
    """
    text = str(size).strip().lower()
    digits = text.rstrip("bkmg")
    unit = text[len(digits) :]
    if not digits.isdecimal() or unit not in SIZES:
        raise ValueError(f"{size!r} is no number of bytes: write it like 100, 64mb or 1gb")
    return int(digits) * SIZES[unit]
