"""Identity: the SHA-256 of the canonical JSON of a frozen dataclass.

A field that joins a dataclass after its values have been written down is declared with `later`: at its default it is
left out of the canonical form, so that what was identified before it existed keeps its identity.
"""

import dataclasses
import hashlib
import json
import types
import typing
from typing import Any, TypeVar, get_args, get_origin

from common.errors import ConfigError

T = TypeVar("T")
_LATER = "later"


def later(default: Any) -> Any:
    """Declare a field that came later: it needs a default, which stands for how things were without it."""
    return dataclasses.field(default=default, metadata={_LATER: True})


def plain(value: object, *, complete: bool = True) -> Any:
    """Turn dataclasses, tuples and scalars into what JSON knows, defaults included.

    Where not `complete`, later fields at their default are left out.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {
            field.name: plain(item, complete=complete)
            for field, item in fields
            if complete or _LATER not in field.metadata or item != field.default
        }
    if isinstance(value, dict):
        return {str(key): plain(item, complete=complete) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, complete=complete) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical form: {value!r}")


def canonical_json(value: object) -> str:
    """Return one line of JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(plain(value, complete=False), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: object) -> str:
    """Return the SHA-256 of `value`'s canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _build(annotation: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return from_plain(annotation, value, where)
    origin = get_origin(annotation)
    if origin is tuple:
        return tuple(_build(get_args(annotation)[0], item, where) for item in value)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        inner = [part for part in get_args(annotation) if part is not type(None)]
        return _build(inner[0], value, where) if len(inner) == 1 else value
    if annotation is float and type(value) is int:
        return float(value)
    return value


def from_plain(cls: type[T], value: Any, where: str = "") -> T:
    """Rebuild a dataclass from its JSON form.

    Raises
    ------
    ConfigError
        If a field is unknown, or missing that was there from the start: a description is complete or it is not one.
    """
    prefix = f"{where}." if where else ""
    if not isinstance(value, dict):
        raise ConfigError(where or cls.__name__, value, "an object with named fields")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for unknown in sorted(set(value) - set(fields)):
        raise ConfigError(prefix + unknown, value[unknown], f"known fields are {', '.join(fields)}")
    for missing, field in fields.items():
        if missing not in value and _LATER not in field.metadata:
            raise ConfigError(prefix + missing, None, "the field must be there")
    return cls(**{name: _build(hints[name], item, prefix + name) for name, item in value.items()})
