"""Bitmaps and bitfields: the bits of strings, one by one and as integers of any width.

They are strings, kept as a `bytearray` once a bit was written, so that it is written in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Generic, NamedTuple, Self, TypeAlias, TypeVar

from ..encoding import Encodable, encode, encode_all, integer
from ..errors import SYNTAX, DataError, ResponseError
from ..keyspace import T
from ..numbers import INT64_MAX, parse_int
from ..structs.bits import Bytes, Field, Overflow, combine, count_ones, find_bit
from .strings import MAX_LENGTH, Strings, length_of, text_of

BitfieldOffset: TypeAlias = int | str
"""Where a field begins: the number of a bit, or `"#3"` for the fourth field of the same width."""

Outcome = TypeVar("Outcome")
"""What executing gives: the answers, something to be awaited for them, or the pipeline."""

NOT_AN_OFFSET = "bit offset is not an integer or out of range"
NOT_A_BIT = "bit is not an integer or out of range"
NOT_A_BIT_TO_FIND = "The bit argument must be 1 or 0."
NOT_OF_ONE_KEY = "BITOP NOT must be called with a single source key."
NOT_AN_OVERFLOW = "Invalid OVERFLOW type specified"
NOT_A_FIELD = "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
ONLY_READS = "BITFIELD_RO only supports the GET subcommand"

_OPERATIONS = {b"AND", b"OR", b"XOR", b"NOT"}
_OVERFLOWS: dict[bytes, Overflow] = {b"WRAP": "WRAP", b"SAT": "SAT", b"FAIL": "FAIL"}
_ARGUMENTS = {b"GET": 2, b"SET": 3, b"INCRBY": 3}
"""How many arguments follow each operation on a field."""


class FieldOperation(NamedTuple):
    """One operation of a BITFIELD."""

    name: bytes
    field: Field
    number: int
    overflow: Overflow

    def number_after(self, before: int) -> int | None:
        """What the field holds after SET or INCRBY, None if that FAILs."""
        if self.name == b"INCRBY":
            wanted = before + self.number
        elif self.field.signed:
            wanted = self.number
            if self.overflow == "SAT" and self.field.width < 64 and wanted + INT64_MAX < self.field.most:
                return self.field.most  # the distance leaves 64 bits, and Redis goes by what is left of it
        else:
            wanted = self.number % (1 << 64)
        return self.field.fitted(wanted, self.overflow)


class BitFieldOperation(Generic[Outcome]):
    """Operations on the bitfields of one key, collected and then executed together, as redis-py has it.

    >>> store.bitfield("stats").set("u8", "#0", 250).incrby("u8", "#0", 10, "SAT").get("i4", 0).execute()
    [0, 255, -1]

    A format is `i` or `u`, signed or not, and a width in bits: i1 to i64, u1 to u63. An offset is the number
    of a bit, or `#` and the number of a field of this width.
    """

    def __init__(self, client: Any, key: Encodable, default_overflow: str | None = None) -> None:
        self.client = client
        self.key = key
        self._default_overflow = default_overflow
        self.reset()

    def reset(self) -> None:
        """Forget what was collected."""
        self.operations: list[tuple[Any, ...]] = []
        self._last_overflow = "WRAP"
        if self._default_overflow:
            self.overflow(self._default_overflow)

    def overflow(self, overflow: str) -> Self:
        """What becomes of numbers that do not fit, from here on: WRAP around, SATurate, or FAIL: None."""
        overflow = overflow.upper()
        if overflow != self._last_overflow:
            self._last_overflow = overflow
            self.operations.append(("OVERFLOW", overflow))
        return self

    def incrby(self, fmt: str, offset: BitfieldOffset, increment: int, overflow: str | None = None) -> Self:
        """Add `increment` to a field; the sum."""
        if overflow is not None:
            self.overflow(overflow)
        self.operations.append(("INCRBY", fmt, offset, increment))
        return self

    def get(self, fmt: str, offset: BitfieldOffset) -> Self:
        """Read a field."""
        self.operations.append(("GET", fmt, offset))
        return self

    def set(self, fmt: str, offset: BitfieldOffset, value: int) -> Self:
        """Put `value` into a field; what it held before."""
        self.operations.append(("SET", fmt, offset, value))
        return self

    @property
    def command(self) -> list[Any]:
        """The words of the request that this is."""
        return ["BITFIELD", self.key, *chain.from_iterable(self.operations)]

    def execute(self) -> Outcome:
        """Do all of it as one; a list with the answer of each operation but OVERFLOW. O(operations).

        In a pipeline it is queued instead. ResponseError, and nothing is done, for a bad format, offset or
        number, WRONGTYPE for a key of another type.
        """
        words = [self.key, *chain.from_iterable(self.operations)]
        self.reset()
        return self.client._run_bitfield(words)  # type: ignore[no-any-return]


def read_operations(words: Sequence[bytes], limit: int) -> list[FieldOperation]:
    """The operations of a BITFIELD; a ResponseError if one is wrong. A string has `limit` bytes at most."""
    operations: list[FieldOperation] = []
    overflow: Overflow = "WRAP"
    at = 0
    while at < len(words):
        name, left = words[at].upper(), len(words) - at - 1
        if name == b"OVERFLOW" and left:
            try:
                overflow = _OVERFLOWS[words[at + 1].upper()]
            except KeyError:
                raise ResponseError(NOT_AN_OVERFLOW) from None
            at += 2
            continue
        arguments = _ARGUMENTS.get(name)
        if arguments is None or left < arguments:
            raise ResponseError(SYNTAX)
        field = _read_field(words[at + 1], words[at + 2], limit)
        number = integer(words[at + 3]) if arguments == 3 else 0
        operations.append(FieldOperation(name, field, number, overflow))
        at += 1 + arguments
    return operations


@lru_cache(maxsize=1000)
def _read_field(form: bytes, offset: bytes, limit: int) -> Field:
    sign, width = form[:1], parse_int(form[1:])
    if sign not in (b"i", b"u") or width is None or not 1 <= width <= (64 if sign == b"i" else 63):
        raise ResponseError(NOT_A_FIELD)
    return Field(width, sign == b"i", read_offset(offset, limit, width))


def read_offset(text: bytes, limit: int, width: int = 0) -> int:
    """The number of a bit, within a string of up to `limit` bytes. With a `width`, `#` counts fields."""
    counts_fields = width > 0 and text[:1] == b"#"
    offset = parse_int(text[1:] if counts_fields else text)
    if offset is None:
        raise ResponseError(NOT_AN_OFFSET)
    if counts_fields:
        offset = offset * width % (1 << 64)  # as in C, where the product has 64 bits
        offset -= (offset > INT64_MAX) << 64
    if offset < 0 or offset >> 3 >= min(limit, MAX_LENGTH):
        raise ResponseError(NOT_AN_OFFSET)
    return offset


def _unit_of(words: Sequence[bytes]) -> int:
    """How many bits BIT or BYTE is, the last word of a range if there is one."""
    unit = {b"BIT": 1, b"BYTE": 8}.get(words[0].upper() if words else b"BYTE")
    if unit is None or len(words) > 1:
        raise ResponseError(SYNTAX)
    return unit


def _bits_between(start: int, end: int, unit: int, length: int) -> tuple[int, int]:
    """The first and the last bit of a range in a text of so many bytes; none if the last comes first."""
    total = length * 8 // unit
    first = max(0, start + total if start < 0 else start)
    last = min(total - 1, max(0, end + total if end < 0 else end))
    return first * unit, last * unit + unit - 1


class Bitmaps(Strings[T]):
    """The commands of bitmaps and bitfields."""

    # Single bits

    def getbit(self, name: Encodable, offset: int) -> int:
        """The bit at `offset`, 0 behind the end of the string or where there is none. O(1)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        db = self._db
        if type(offset) is int and 0 <= offset < MAX_LENGTH << 3 and key not in db.deadlines:
            text = db.data.get(key)
            if type(text) is bytearray or type(text) is bytes:
                try:
                    bit = text[offset >> 3] >> (~offset & 7) & 1
                except IndexError:
                    bit = 0
                if db.doubt is None or not db.doubt(key):
                    return bit
        return self._getbit(key, encode(offset))

    def _getbit(self, key: bytes, offset: bytes) -> int:
        place = read_offset(offset, self._shared.limits.proto_max_bulk_len)
        self._acquire()
        try:
            text = self._bits(key)
            return Field(1, False, place).read(text or b"")
        finally:
            self._release()

    def setbit(self, name: Encodable, offset: int, value: int) -> int:
        """Put a bit, 1 unless `value` is false, at `offset` of the string, which grows to hold it; the bit
        that was there. O(1), amortized: however long the string is."""
        key = name.encode() if isinstance(name, str) else encode(name)
        if type(offset) is not int or offset < 0:
            return self._setbit(key, encode(offset), bool(value))
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            text = db.data.get(key)
            at = offset >> 3
            if self._unobserved and type(text) is bytearray and at < len(text) and key not in db.special:
                byte, mask = text[at], 0x80 >> (offset & 7)
                text[at] = byte | mask if value else byte & ~mask
                return 1 if byte & mask else 0
            return self._setbit(key, b"%d" % offset, bool(value))
        finally:
            release = self._release
            release()

    def _setbit(self, key: bytes, offset: bytes, bit: bool) -> int:
        field = Field(1, False, read_offset(offset, self._shared.limits.proto_max_bulk_len))
        self._acquire()
        try:
            text = self._bits_to_write(key)
            old = field.read(text or b"")
            if text is None or old != bit or len(text) < field.size:
                at, chunk = field.written(text or b"", bit)
                self._effect_write(key, {at: chunk})
                if self._notify is not None:
                    self._notify(b"setbit", key)
            return old
        finally:
            self._release()

    # Many bits

    def bitcount(
        self, key: Encodable, start: int | None = None, end: int | None = None, mode: str | None = None
    ) -> int:
        """How many bits are 1, from `start` to `end` where these are given, both included; negative ones
        count from the end. They are of bytes, with the `mode` "BIT" of bits. O(bytes looked at)."""
        if (start is None) != (end is None):
            raise DataError("Both start and end must be specified")
        return self._bitcount(
            encode(key), encode_all(each for each in (start, end, mode) if each is not None)
        )

    def _bitcount(self, key: bytes, words: Sequence[bytes]) -> int:
        self._acquire()
        try:
            text = self._bits(key)
            if text is None:
                return 0
            start, end, unit = 0, -1, 8
            if words:
                if len(words) not in (2, 3):
                    raise ResponseError(SYNTAX)
                start, end = integer(words[0]), integer(words[1])
                if 0 > start > end:
                    return 0
                unit = _unit_of(words[2:])
            first, last = _bits_between(start, end, unit, len(text))
            return count_ones(text, first, last) if first <= last else 0
        finally:
            self._release()

    def bitpos(
        self,
        key: Encodable,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> int:
        """Where the first bit of this kind is, -1 if there is none. O(bytes looked at).

        It is looked for from `start` to `end`, as in `bitcount`; the position counts from the beginning all
        the same. Without an `end`, zeros follow the string.
        """
        if bit not in (0, 1):
            raise DataError("bit must be 0 or 1")
        if start is None and end is not None:
            raise DataError("start argument is not set, when end is specified")
        words = encode_all(each for each in (start, end, mode) if each is not None)
        return self._bitpos(encode(key), encode(bit), words)

    def _bitpos(self, key: bytes, bit: bytes, words: Sequence[bytes]) -> int:
        wanted = integer(bit)
        if wanted not in (0, 1):
            raise ResponseError(NOT_A_BIT_TO_FIND)
        self._acquire()
        try:
            text = self._bits(key)
            if text is None:
                return -1 if wanted else 0
            start, unit = integer(words[0]) if words else 0, _unit_of(words[2:])
            end = integer(words[1]) if len(words) > 1 else -1
            first, last = _bits_between(start, end, unit, len(text))
            if first > last:
                return -1
            place = find_bit(text, wanted, first, last)
            if place is None:
                return -1 if wanted or len(words) > 1 else len(text) * 8
            return place
        finally:
            self._release()

    def bitop(self, operation: str, dest: Encodable, *keys: Encodable) -> int:
        """Store the AND, OR or XOR of several strings, or the NOT of one, at `dest`; its length.

        It is as long as the longest of them, zeros standing for what others lack. Where all are empty or
        missing, `dest` is removed. O(bytes of all).
        """
        name, destination, *sources = encode_all([operation, dest, *keys])
        return self._bitop(name, destination, sources)

    def _bitop(self, operation: bytes, dest: bytes, keys: Sequence[bytes]) -> int:
        operation = operation.upper()
        if operation not in _OPERATIONS or not keys:
            raise ResponseError(SYNTAX)
        if operation == b"NOT" and len(keys) != 1:
            raise ResponseError(NOT_OF_ONE_KEY)
        self._acquire()
        try:
            self._reap()
            result = combine(operation, [self._bits(key) or b"" for key in keys])
            if not result:
                self._put_result(dest, None, b"del")
                return 0
            self._effect_put(dest, result, None)
            self._to_buffer(dest)
            if self._notify is not None:
                self._notify(b"set", dest)
            return len(result)
        finally:
            self._release()

    # Fields

    def bitfield(
        self, key: Encodable, default_overflow: str | None = None
    ) -> BitFieldOperation[list[int | None]]:
        """Operations on integers among the bits of a string, to be executed together.

        What does not fit is treated by `default_overflow`, or else wraps around.
        """
        return BitFieldOperation(self, key, default_overflow)

    def bitfield_ro(
        self,
        key: Encodable,
        encoding: str,
        offset: BitfieldOffset,
        items: list[tuple[str, BitfieldOffset]] | None = None,
    ) -> list[int]:
        """The integers at `offset`, and of all `items`, as `bitfield` reads them. O(items)."""
        words: list[Encodable] = ["GET", encoding, offset]
        for each in items or []:
            form, place = each
            words += ("GET", form, place)
        name, *operations = encode_all([key, *words])
        numbers: Any = self._bitfield(name, operations, read_only=True)
        return numbers  # type: ignore[no-any-return]

    def _run_bitfield(self, words: list[Any]) -> list[int | None]:
        key, *operations = encode_all(words)
        return self._bitfield(key, operations)

    def _bitfield(self, key: bytes, words: Sequence[bytes], read_only: bool = False) -> list[int | None]:
        operations = read_operations(words, self._shared.limits.proto_max_bulk_len)
        writes = [each for each in operations if each.name != b"GET"]
        if writes and read_only:
            raise ResponseError(ONLY_READS)
        self._acquire()
        try:
            if not writes:
                text: Bytes = self._bits(key) or b""
                return [each.field.read(text) for each in operations]
            self._bits_to_write(key)
            if len(writes) == 1:
                return self._write_fields(key, operations, writes[0].field.size)
            size = max(each.field.size for each in writes)
            self._begin()
            try:
                return self._write_fields(key, operations, size)
            finally:
                self._end()
        finally:
            self._release()

    def _write_fields(self, key: bytes, operations: Sequence[FieldOperation], size: int) -> list[int | None]:
        """The answer of each operation. The string has `size` bytes then, also if some FAIL."""
        data = self._db.data
        answers: list[int | None] = []
        changed = False
        for operation in operations:
            name, field, _, _ = operation
            text: Any = data.get(key, b"")
            old = field.read(text)
            if name == b"GET":
                answers.append(old)
                continue
            new = operation.number_after(old)
            answers.append(old if new is not None and name == b"SET" else new)
            if new is not None and (new != old or len(text) < size):
                at, chunk = field.written(text, new)
                if self._unobserved and len(text) >= size:
                    text[at : at + len(chunk)] = chunk
                else:
                    self._effect_write(key, {at: chunk} if field.size == size else {at: chunk, size: b""})
                changed = True
        if not changed and length_of(data.get(key, b"")) < size:
            self._effect_write(key, {size: b""})
        if changed and self._notify is not None:
            self._notify(b"setbit", key)
        return answers

    # Looking up

    def _bits(self, key: bytes) -> Bytes | None:
        """The string at `key` for a command that only reads."""
        value = self._look_up(key)
        return value if value is None or isinstance(value, bytearray) else text_of(value)

    def _bits_to_write(self, key: bytes) -> bytearray | None:
        """The string at `key`, to be changed in place from now on."""
        value = self._write_string(key)
        return value if value is None or type(value) is bytearray else self._to_buffer(key)
