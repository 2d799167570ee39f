"""The commands of HyperLogLogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ResponseError
from ..structs.hyperloglog import DENSE, Sketch, Sparse, registers_of, self_test
from ..types.hyperloglogs import HyperLogLogs
from .args import shown
from .replies import OK, Reply, Status
from .session import Session
from .table import Keys, command

if TYPE_CHECKING:
    from ..store import Store


@command("pfadd", -2, "write fast", "hyperloglog", Keys("RW insert"))
def pfadd(session: Session, args: list[bytes]) -> Reply:
    return HyperLogLogs.pfadd(session.store, *args[1:])


@command("pfcount", -2, "readonly", "hyperloglog", Keys("RW access", last=-1))
def pfcount(session: Session, args: list[bytes]) -> Reply:
    return session.store._pfcount(args[1:])


@command(
    *("pfmerge", -2, "write", "hyperloglog"),
    Keys("RW access insert"),
    Keys("RO access", 2, last=-1),
)
def pfmerge(session: Session, args: list[bytes]) -> Reply:
    session.store._pfmerge(args[1], args[2:])
    return OK


@command("pfdebug", 3, "write admin", "hyperloglog", Keys("RW access", 2))
def pfdebug(session: Session, args: list[bytes]) -> Reply:
    store, key = session.store, args[2]
    store._acquire()
    try:
        sketch = None if store._peek(key) is None else store._sketch_at(key)
        if sketch is None:
            raise ResponseError("The specified key does not exist")
        look = _LOOKS.get(args[1].upper())
        if look is None:
            raise ResponseError(f"Unknown PFDEBUG subcommand '{shown(args[1])}'")
        return look(session.store, key, sketch)
    finally:
        store._release()


def _registers(store: Store[Any], key: bytes, sketch: Sketch) -> Reply:
    store._pfdense(key)
    return [*registers_of(sketch)]


def _operations(store: Store[Any], key: bytes, sketch: Sketch) -> Reply:
    if sketch[4] == DENSE:
        raise ResponseError("HLL encoding is not sparse")
    return " ".join(Sparse(sketch).described()).encode()


def _encoding(store: Store[Any], key: bytes, sketch: Sketch) -> Reply:
    return Status(b"dense" if sketch[4] == DENSE else b"sparse")


def _to_dense(store: Store[Any], key: bytes, sketch: Sketch) -> Reply:
    return store._pfdense(key)


_LOOKS: dict[bytes, Callable[[Store[Any], bytes, Sketch], Reply]] = {
    b"GETREG": _registers,
    b"DECODE": _operations,
    b"ENCODING": _encoding,
    b"TODENSE": _to_dense,
}


@command("pfselftest", 1, "admin", "hyperloglog")
def pfselftest(session: Session, args: list[bytes]) -> Reply:
    wrong = self_test()
    if wrong is not None:
        raise ResponseError(f"TESTFAILED {wrong}")
    return OK
