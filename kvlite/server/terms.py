"""What a server is told by Redis's parameters, and what of it ends with the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ..wire.config import NOBODYS, REFUSED
from ..wire.parameters import NAMES, OF_A_SERVER, Parameter, nearest

if TYPE_CHECKING:
    from ..wire.config import Config

Value: TypeAlias = str | int | bool | None


class Terms:
    """Parameters for a server. They hold from `apply` on; those `OF_A_SERVER` until `end`."""

    def __init__(
        self,
        config: Config,
        host: str | Iterable[str],
        port: int | None,
        tls_port: int | None,
        others: Mapping[str, Value],
    ) -> None:
        """TypeError for a name that is none, ValueError for a value that cannot be."""
        self._config = config
        self._put_back: Callable[[], None] | None = None
        self._words: dict[str, list[str]] = {}
        self._values: dict[str, Any] = {}
        """As they were read; what was there in the end."""
        self._take("bind", NAMES["bind"], _hosts(host))
        self._take("port", NAMES["port"], [str(port or 0)])
        self._take("tls-port", NAMES["tls-port"], [str(tls_port or 0)])
        for name, value in others.items():
            row = _named(name)
            if value is not None:
                self._take(name, row, _words_of(name, value, row))

    def _take(self, name: str, row: Parameter, words: list[str]) -> None:
        self._words[row.name] = words
        try:
            self._values[row.name] = row.kind.read(words)
        except ValueError as error:
            raise _wrong(name, words, error) from None

    def __getitem__(self, name: str) -> Any:
        """A parameter as it is while the server serves: where `apply` has not been called, as it will be."""
        return self._values[name] if self._put_back is None else self._config[name]

    def apply(self) -> None:
        """ValueError if one of them cannot be set here; then none is."""
        self._put_back = self._config.remember(OF_A_SERVER)
        try:
            for name, words in self._words.items():
                self._set(name, words)
        except BaseException:
            self.end()
            raise

    def _set(self, name: str, words: list[str]) -> None:
        self._config.given.discard(name)
        try:
            self._config.set_at_start(name, *words)
        except ValueError as error:
            raise _wrong(name, words, error) from None

    def stand(self) -> None:
        """Let nobody else put back what is `OF_A_SERVER`, until `end`."""
        self._config.own = {name: self._config[name] for name in OF_A_SERVER}

    def end(self) -> None:
        """Have everything `OF_A_SERVER` as it was before."""
        self._config.own = NOBODYS
        put_back, self._put_back = self._put_back, None
        if put_back is not None:
            self._values = {name: self._config[name] for name in self._values}
            put_back()


def _hosts(host: str | Iterable[str]) -> list[str]:
    hosts: list[Any] = [host] if isinstance(host, str | bytes) or not isinstance(host, Iterable) else [*host]
    for each in hosts:
        if not isinstance(each, str):
            raise TypeError(f"a host is the text of an address, not {each!r}")
    return hosts or [""]


def _named(name: str) -> Parameter:
    """The parameter that has this name, with underscores."""
    parameter = name.lower().replace("_", "-")
    if parameter in REFUSED:
        raise ValueError(f"{name}: {REFUSED[parameter]}")
    if parameter not in NAMES:
        near = nearest(parameter, ("host",))
        meant = f"; did you mean {near.replace('-', '_')!r}?" if near else ""
        raise TypeError(f"a server has no parameter {name!r}{meant}")
    return NAMES[parameter]


def _words_of(name: str, value: Value, row: Parameter) -> list[str]:
    if isinstance(value, bytes | bytearray):
        raise TypeError(f"{name} is text, not {value!r}")
    text = ("no", "yes")[value] if isinstance(value, bool) else str(value)
    return text.split() or [""] if row.kind.several else [text]


def _wrong(name: str, words: list[str], error: ValueError) -> ValueError:
    return ValueError(f"{name.replace('-', '_')}={' '.join(words)!r}: {error}")
