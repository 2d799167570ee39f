"""HyperLogLogs: how many different elements were added, with an error of 0.81%, in 12 kB at most.

They are strings with the bytes that Redis would have after the same commands; see `structs.hyperloglog`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..database import Value
from ..effects import effect
from ..encoding import Encodable, encode, encode_all
from ..errors import ResponseError, wrong_arity
from ..keyspace import T
from ..structs.hyperloglog import (
    DENSE,
    EMPTY,
    HEADER,
    REGISTERS,
    UNKNOWN,
    Corrupt,
    Place,
    Sketch,
    Sparse,
    cardinality,
    dense_changes,
    dense_of,
    greatest,
    is_sketch,
    known_cardinality,
    place_of,
    registers_of,
    write_dense,
)
from .strings import Strings, text_of

NOT_A_SKETCH = "WRONGTYPE Key is not a valid HyperLogLog string value."
CORRUPT = "INVALIDOBJ Corrupted HLL object detected"

_REMEMBERED = 64
"""Of so many sparse sketches it is remembered where their registers are."""


class HyperLogLogs(Strings[T]):
    """The commands of HyperLogLogs."""

    _sparse: dict[bytes, Sparse] | None = None
    """Sparse sketches as they were when they were last added to. Only what is still the same counts."""

    def pfadd(self, name: Encodable, *values: Encodable) -> int:
        """Add elements to the HyperLogLog at `name`, made if missing; 1 if that changed it, else 0.

        WRONGTYPE if there is something else. O(values).
        """
        key = name.encode() if isinstance(name, str) else encode(name)
        places = [place_of(value.encode() if type(value) is str else encode(value)) for value in values]
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            sketch = db.data.get(key)
            if type(sketch) is not bytearray or key in db.special or not is_sketch(sketch):
                value = self._write_string(key)
                sketch = None if value is None else self._sketch_to_write(key, value)
            if sketch is None:
                sparse = self._sparse_at(key, EMPTY)
                self._effect_put(key, bytes(self._taken(sparse, places) or sparse.text), None)
                self._to_buffer(key)
            elif sketch[4] != DENSE:
                if not self._add_sparse(key, sketch, places):
                    return 0
            elif not self._unobserved:
                if not self._add_dense(key, sketch, places):
                    return 0
            elif write_dense(sketch, places):
                sketch[HEADER - 1] |= UNKNOWN
            else:
                return 0
            if self._notify is not None:
                self._notify(b"pfadd", key)
            return 1
        finally:
            release = self._release
            release()

    def pfcount(self, *sources: Encodable) -> int:
        """About how many different elements were added to any of several HyperLogLogs, missing ones having
        none. WRONGTYPE for another value.

        O(1) for one that was counted before and has not changed; otherwise a fraction of a millisecond each.
        """
        if not sources:
            raise wrong_arity("pfcount")
        return self._pfcount(encode_all(sources))

    def _pfcount(self, keys: Sequence[bytes]) -> int:
        self._acquire()
        try:
            if len(keys) > 1:
                return cardinality(self._united(keys)[0])
            (key,) = keys
            sketch = self._sketch_at(key)
            if sketch is None:
                return 0
            self._to_buffer(key)
            count = known_cardinality(sketch)
            if count is None:
                count = cardinality(_registers(sketch))
                if not self._shared.frozen:
                    self._effect_write(key, {8: count.to_bytes(8, "little", signed=True)})
            return count
        finally:
            self._release()

    def pfmerge(self, dest: Encodable, *sources: Encodable) -> bool:
        """Let `dest`, made if missing, count what it and all `sources` do. True. O(sources)."""
        destination, *keys = encode_all([dest, *sources])
        self._pfmerge(destination, keys)
        return True

    def _pfmerge(self, dest: bytes, keys: Sequence[bytes]) -> None:
        self._acquire()
        try:
            self._reap()
            registers, sketches = self._united([dest, *keys])
            old = sketches[0]
            dense = any(sketch is not None and sketch[4] == DENSE for sketch in sketches)
            merged = self._merged(EMPTY if old is None else old, registers, dense)
            merged[HEADER - 1] |= UNKNOWN
            if old is None:
                self._effect_put(dest, bytes(merged), None)
                self._to_buffer(dest)
            else:
                self._to_buffer(dest)
                self._effect_splice(dest, 4, len(old), bytes(merged[4:]))
            if self._notify is not None:
                self._notify(b"pfadd", dest)
        finally:
            self._release()

    def _pfdense(self, key: bytes) -> bool:
        """Let the sketch at `key`, which is there, be dense; whether it was not."""
        sketch = self._sketch_at(key)
        assert sketch is not None
        self._to_buffer(key)
        if sketch[4] == DENSE:
            return False
        dense = dense_of(sketch, _registers(sketch))
        self._effect_put(key, bytes(dense), self._db.deadlines.get(key))
        self._to_buffer(key)
        return True

    # Adding

    def _add_dense(self, key: bytes, sketch: bytearray, places: Sequence[Place]) -> bool:
        changes = dense_changes(sketch, places)
        if changes:
            if not sketch[HEADER - 1] & UNKNOWN:
                changes[HEADER - 1] = sketch[HEADER - 1] | UNKNOWN
            self._effect_write(key, {at: bytes((byte,)) for at, byte in changes.items()})
        return bool(changes)

    def _add_sparse(self, key: bytes, sketch: bytearray, places: Sequence[Place]) -> bool:
        sparse = self._sparse_at(key, sketch)
        taken = self._taken(sparse, places)
        if taken is None:
            return False
        if taken is not sparse.text:
            self._effect_splice(key, 4, len(sketch), bytes(taken[4:]))
        elif self._unobserved:
            start, stop, chunk = sparse.change()
            sketch[start:stop] = chunk
            sketch[HEADER - 1] |= UNKNOWN
        else:
            self._effect_splice(key, *sparse.change())
        return True

    def _sparse_at(self, key: bytes, sketch: Sketch) -> Sparse:
        """A sparse sketch to be changed, remembered if it is as it was left."""
        if self._sparse is None:
            self._sparse = {}
        sparse = self._sparse.get(key)
        if sparse is not None:
            sparse.text[:HEADER] = sketch[:HEADER]
            if sparse.text == sketch:
                sparse.begin()
                return sparse
        elif len(self._sparse) >= _REMEMBERED:
            del self._sparse[next(iter(self._sparse))]
        sparse = self._sparse[key] = Sparse(sketch)
        return sparse

    def _taken(self, sparse: Sparse, places: Sequence[Place]) -> bytearray | None:
        """The text of `sparse`, or a dense sketch where it takes one, with `places` in it; None if they were
        there already."""
        limit = self._shared.limits.hll_sparse_max_bytes
        changed = False
        try:
            for number, (register, value) in enumerate(places):
                put = sparse.put(register, value, limit)
                if put is None:
                    dense = dense_of(sparse.text, registers_of(sparse.text))
                    write_dense(dense, places[number:])
                    return dense
                changed = changed or put
        except Corrupt:
            raise ResponseError(CORRUPT) from None
        return sparse.text if changed else None

    def _merged(self, old: Sketch, registers: Sketch, dense: bool) -> bytearray:
        """The sketch `old` with these registers: as it becomes when it takes one after the other."""
        if not dense:
            sparse, limit = Sparse(old), self._shared.limits.hll_sparse_max_bytes
            for register, value in enumerate(registers):
                if value and sparse.put(register, value, limit) is None:
                    break
            else:
                return sparse.text
        return dense_of(old, registers)

    # Looking up

    def _sketch_at(self, key: bytes) -> Sketch | None:
        """The sketch at `key` for a command that only reads."""
        value = self._look_up(key)
        return None if value is None else _sketch_of(value)

    def _sketch_to_write(self, key: bytes, value: Value) -> bytearray:
        """The `value` of `key`, a sketch, to be changed in place from now on."""
        _sketch_of(value)
        return self._to_buffer(key)

    def _united(self, keys: Sequence[bytes]) -> tuple[Sketch, list[Sketch | None]]:
        """The greatest number in each register of all sketches, and these."""
        sketches: list[Sketch | None] = []
        united: Sketch = bytes(REGISTERS)
        for key in keys:
            sketch = self._sketch_at(key)
            if sketch is not None:
                united = greatest(united, _registers(sketch))
            sketches.append(sketch)
        return united, sketches

    # Effects

    @effect(14)
    def _effect_splice(self, key: bytes, start: int, stop: int, chunk: bytes) -> None:
        """Put `chunk` in the place of the bytes from `start` up to `stop`, `stop` left out, of the sketch at
        `key`. Its cardinality is not known then."""
        sketch = self._growing(key)
        if not HEADER <= stop <= len(sketch) or start > stop or start + len(chunk) < HEADER:
            raise ValueError("a part that is not there")
        sketch[start:stop] = chunk
        sketch[HEADER - 1] |= UNKNOWN


def _sketch_of(value: Value) -> Sketch:
    """A value that is a sketch."""
    if isinstance(value, int):
        raise ResponseError(NOT_A_SKETCH)
    sketch = value if isinstance(value, bytearray) else text_of(value)
    if not is_sketch(sketch):
        raise ResponseError(NOT_A_SKETCH)
    return sketch


def _registers(sketch: Sketch) -> Sketch:
    try:
        return registers_of(sketch)
    except Corrupt:
        raise ResponseError(CORRUPT) from None
