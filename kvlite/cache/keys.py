"""Keys of calls: readable, and the same in every process and with every version of Python.

    kvlite.shop.price:v1:(7,'EUR',net=True)

An argument stands there as a literal would, in ASCII. Two different calls have two different keys; what
cannot be told apart by a text is refused.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, TypeAlias
from uuid import UUID

LONGEST = 200
"""A key that is longer ends in a hash of the whole."""

Write: TypeAlias = Callable[[Any], str]


class Unkeyable(TypeError):
    """A value has no place in a key."""


def shortened(key: str) -> str:
    """`key`, or if it is long its beginning and a hash of the whole."""
    if len(key) <= LONGEST:
        return key
    digest = blake2b(key.encode(errors="surrogatepass"), digest_size=20).hexdigest()
    return f"{key[: LONGEST - 41]}~{digest}"


def module_name(module: str) -> str:
    """The name of a module as another program would import it, also while it is run as `__main__`."""
    if module != "__main__":
        return module
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        name: str = spec.name
        return name.removesuffix(".__main__")
    file = getattr(main, "__file__", None)
    return os.path.splitext(os.path.basename(file))[0] if file else module


def name_of(thing: Any) -> str:
    """The module and the qualified name of a function or a class."""
    return f"{module_name(thing.__module__)}.{thing.__qualname__}"


class Texts:
    """How values are written in a key. With `typed`, equal values of different types differ."""

    def __init__(self, typed: bool) -> None:
        self._typed = typed
        write = self.write
        self._writers: dict[type, Write] = {
            str: ascii,
            int: str,
            bytes: repr,
            type(None): repr,
            bool: repr if typed else lambda value: "1" if value else "0",
            float: repr if typed else _number,
            complex: lambda value: f"complex({value.real!r},{value.imag!r})",
            bytearray: repr,
            tuple: lambda value: f"({''.join(f'{write(each)},' for each in value)})",
            list: lambda value: f"[{','.join(map(write, value))}]",
            set: self._set,
            frozenset: (lambda value: f"frozenset({self._set(value)})") if typed else self._set,
            dict: self._dict,
            datetime: lambda value: f"datetime({value.isoformat()}{',fold=1' if value.fold else ''})",
            date: lambda value: f"date({value.isoformat()})",
            time: lambda value: f"time({value.isoformat()}{',fold=1' if value.fold else ''})",
            timedelta: lambda value: f"timedelta({value.days},{value.seconds},{value.microseconds})",
            Decimal: lambda value: f"Decimal({value})",
            Fraction: lambda value: f"Fraction({value})",
            UUID: lambda value: f"UUID({value})",
        }

    def write(self, value: Any) -> str:
        """`value` in a key; Unkeyable for what has no place there."""
        writer = self._writers.get(value.__class__)
        return self._other(value) if writer is None else writer(value)

    def _set(self, value: Iterable[Any]) -> str:
        return f"{{{','.join(sorted(map(self.write, value)))}}}" if value else "set()"

    def _dict(self, value: Mapping[Any, Any]) -> str:
        pairs = sorted((self.write(name), self.write(each)) for name, each in value.items())
        return f"{{{','.join(f'{name}:{each}' for name, each in pairs)}}}"

    def _other(self, value: Any) -> str:
        kind = type(value)
        if isinstance(value, type):
            return f"<class {name_of(value)}>"
        own = getattr(kind, "__cache_key__", None)
        if own is not None:
            return f"{name_of(kind)}<{self.write(own(value) if callable(own) else value.__cache_key__)}>"
        if isinstance(value, Enum):
            return f"{name_of(kind)}.{value.name or self.write(value.value)}"
        if is_dataclass(value):
            said = ((field.name, getattr(value, field.name)) for field in fields(value) if field.compare)
            return f"{name_of(kind)}({','.join(f'{name}={self.write(each)}' for name, each in said)})"
        if isinstance(value, PurePath):
            return f"Path({str(value)!a})"
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            return f"{name_of(kind)}({','.join(map(self.write, value))})"
        bases: tuple[Callable[..., Any], ...] = (str, bytes, int, float, tuple, list, dict, set, frozenset)
        for base in bases:
            if isinstance(value, base):  # type: ignore[arg-type]
                text = self._writers[base](base(value))  # type: ignore[index]
                return f"{name_of(kind)}({text})" if self._typed else text
        raise Unkeyable(f"a {name_of(kind)}")


def _number(value: float) -> str:
    """As an int, where it equals one."""
    return str(int(value)) if value.is_integer() else repr(value)


TEXTS = {typed: Texts(typed).write for typed in (False, True)}


# Keys of a function


def key_of_call(function: Callable[..., Any], head: str, typed: bool) -> Callable[..., str]:
    """A function with the parameters of `function` that returns the key of a call: `head` and the arguments.

    Its TypeError names an argument that has no place in a key.
    """
    return call_with_key(function, head, typed, "return __key", {})


def call_with_key(
    function: Callable[..., Any], head: str, typed: bool, then: str, names: Mapping[str, Any]
) -> Callable[..., Any]:
    """A function with the parameters of `function` that makes `__key` of them and then goes on by `then`.

    These know `names`, which begin with two underscores, and say ARGUMENTS for a tuple and a dict with the
    arguments. Python makes the function from a text, as dataclasses make `__init__`: then Python itself
    sorts positional arguments, names and defaults, at a fraction of what `Signature.bind` takes.
    """
    write = TEXTS[typed]
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        parameters = list(inspect.signature(lambda *args, **kwargs: None).parameters.values())
    values: dict[str, Any] = {
        "__write": write,
        "__several": lambda several: "".join(f",{write(each)}" for each in several),
        "__named": lambda named: "".join(f",{_named(name)}={write(named[name])}" for name in sorted(named)),
        "__unkeyable": Unkeyable,
        "__explain": lambda arguments: _explained(function, arguments, write),
        "__shortened": shortened,
        "__head": head,
        **{f"__{each.__name__}": each for each in (len, int, locals, Exception)},
        **names,
    }
    declared, shown = _declared(parameters, values)
    source = [
        f"def call({', '.join(declared)}):",
        "    try:",
        f"        __key = f'{{__head}}({shown})'",
        "    except __unkeyable:",
        "        raise __explain(__locals()) from None",
        f"    if __len(__key) > {LONGEST}:",
        "        __key = __shortened(__key)",
        *(f"    {line}" for line in then.replace("ARGUMENTS", _passed(parameters)).splitlines()),
    ]
    exec(compile("\n".join(source), f"<memoized {function!r}>", "exec"), values)
    call: Callable[..., Any] = values["call"]
    call.__qualname__ = getattr(function, "__qualname__", "function")
    return call


def _passed(parameters: list[inspect.Parameter]) -> str:
    """A tuple and a dict of the arguments, to call the function with."""
    kinds = inspect.Parameter
    named = [each for each in parameters if each.kind in (kinds.KEYWORD_ONLY, kinds.VAR_KEYWORD)]
    positional = [
        f"{'*' if each.kind is kinds.VAR_POSITIONAL else ''}{each.name},"
        for each in parameters
        if each not in named
    ]
    by_name = [
        f"**{each.name}" if each.kind is kinds.VAR_KEYWORD else f"{each.name!r}: {each.name}"
        for each in named
    ]
    return f"({' '.join(positional)}), {{{', '.join(by_name)}}}"


def _declared(parameters: list[inspect.Parameter], values: dict[str, Any]) -> tuple[list[str], str]:
    """The parameters as a `def` lists them, and the inside of an f-string that shows what they are given."""
    declared: list[str] = []
    shown: list[str] = []
    kinds = inspect.Parameter
    for number, parameter in enumerate(parameters):
        name, kind = parameter.name, parameter.kind
        if kind is kinds.VAR_POSITIONAL:
            declared.append(f"*{name}")
            shown.append(f"{{__several({name})}}" if shown else f"{{__several({name})[1:]}}")
            continue
        if kind is kinds.VAR_KEYWORD:
            declared.append(f"**{name}")
            shown.append(f"{{__named({name})}}" if shown else f"{{__named({name})[1:]}}")
            continue
        if kind is kinds.KEYWORD_ONLY and not any(each.startswith("*") for each in declared):
            declared.append("*")
        default = ""
        if parameter.default is not kinds.empty:
            values[f"__default_{number}"] = parameter.default
            default = f"=__default_{number}"
        declared.append(name + default)
        label = f"{name}=" if kind is kinds.KEYWORD_ONLY else ""
        comma = "," if shown else ""
        shown.append(f"{comma}{label}{{{name} if {name}.__class__ is __int else __write({name})}}")
        following = parameters[number + 1].kind if number + 1 < len(parameters) else None
        if kind is kinds.POSITIONAL_ONLY and following is not kinds.POSITIONAL_ONLY:
            declared.append("/")
    return declared, "".join(shown)


def _named(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else ascii(name)


def _explained(function: Callable[..., Any], arguments: dict[str, Any], write: Write) -> TypeError:
    """What to say of a call of which an argument has no place in a key."""
    for name, value in arguments.items():
        try:
            write(value)
        except Unkeyable as error:
            return TypeError(
                f"{getattr(function, '__qualname__', function)}() is memoized, and its argument {name!r} is "
                f"{error}, which has no place in a key: give the class a __cache_key__ method, or memoize a "
                f"key= function that says what the result depends on"
            )
    raise AssertionError("every argument has a place in a key")
