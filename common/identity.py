"""Identity: the SHA-256 of the canonical JSON of every field of a frozen dataclass."""

import dataclasses
import hashlib
import json
import types
import typing
from typing import Any, TypeVar, get_args, get_origin

from common.errors import ConfigError

T = TypeVar("T")


def plain(value: object) -> Any:
    """Turn dataclasses, tuples and scalars into what JSON knows, defaults included."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical form: {value!r}")


def canonical_json(value: object) -> str:
    """Return one line of JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


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
        If a field is unknown or missing: a description is complete or it is not one.
    """
    prefix = f"{where}." if where else ""
    if not isinstance(value, dict):
        raise ConfigError(where or cls.__name__, value, "an object with named fields")
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for unknown in sorted(set(value) - set(names)):
        raise ConfigError(prefix + unknown, value[unknown], f"known fields are {', '.join(names)}")
    for missing in (name for name in names if name not in value):
        raise ConfigError(prefix + missing, None, "the field must be there")
    return cls(**{name: _build(hints[name], value[name], prefix + name) for name in names})
