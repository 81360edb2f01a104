"""Identity: the SHA-256 of the canonical JSON of a frozen dataclass.

A field that joins a dataclass after values of it have been written is declared with `later`: the canonical form leaves
it out at its default, so that values identified before keep their identity.

A field that may hold one of several dataclasses is annotated with their family, a direct subclass of `Variant`. The
JSON form names the member, so that it reads back as the dataclass that it was.
"""

import dataclasses
import functools
import hashlib
import json
import types
import typing
from typing import Any, ClassVar, TypeVar, get_args, get_origin

from common.errors import ConfigError

T = TypeVar("T")
_LATER, _KIND = "later", "kind"


class Variant:
    """Base of a family of frozen dataclasses, any of which one field may hold.

    The family is a direct subclass of `Variant`; its members pass their name: `class Damping(Scheme, kind="damped")`.
    Subclasses without a name are bases of members and cannot be written.

    Attributes
    ----------
    kind
        Name of the member, unique in its family; written as the field `kind` of its JSON form.
    members
        All members of the family by name, in the order of their definition.
    """

    kind: ClassVar[str] = ""
    members: ClassVar[dict[str, type[Any]]] = {}

    def __init_subclass__(cls, kind: str = "", **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if Variant in cls.__bases__:
            cls.members = {}
        cls.kind = kind
        if kind and cls.members.setdefault(kind, cls) is not cls:
            raise TypeError(f"{cls.__name__} and {cls.members[kind].__name__} are both {kind!r}")


def later(default: Any) -> Any:
    """Declare a field that came later: it needs a default, which stands for how things were without it."""
    return dataclasses.field(default=default, metadata={_LATER: True})


def plain(value: object, *, complete: bool = True) -> Any:
    """Turn dataclasses, tuples and scalars into what JSON knows, defaults included.

    Where not `complete`, later fields at their default are left out.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return _named(value) | {
            field.name: plain(_as_annotated(hints[field.name], item), complete=complete)
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


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _as_annotated(annotation: Any, value: Any) -> Any:
    """Return whole numbers of a field of floats as floats: 1 and 1.0 are equal, and have one identity."""
    kinds = {annotation, *get_args(annotation)}
    if type(value) is int and float in kinds and int not in kinds:
        return float(value)
    if isinstance(value, tuple) and float in kinds:
        return tuple(_as_annotated(float, item) for item in value)
    return value


def _named(value: object) -> dict[str, Any]:
    """Return what says which member of its family a dataclass is."""
    if not isinstance(value, Variant):
        return {}
    if not value.kind:
        raise TypeError(f"{type(value).__name__} is the base of a family and has no canonical form")
    return {_KIND: value.kind}


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


def _member(family: type[T], value: dict[str, Any], prefix: str) -> tuple[type[T], dict[str, Any]]:
    """Return the member of a family that an object names, and the object's other fields."""
    known = {kind: member for kind, member in family.members.items() if issubclass(member, family)}  # type: ignore[attr-defined]
    kind = value.get(_KIND)
    if kind not in known:
        raise ConfigError(prefix + _KIND, kind, f"one of {', '.join(known)}")
    return known[kind], {name: item for name, item in value.items() if name != _KIND}


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
    if issubclass(cls, Variant):
        cls, value = _member(cls, value, prefix)
    hints = _hints(cls)  # type: ignore[arg-type]
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for unknown in sorted(set(value) - set(fields)):
        raise ConfigError(prefix + unknown, value[unknown], f"known fields are {', '.join(fields)}")
    for missing, field in fields.items():
        if missing not in value and _LATER not in field.metadata:
            raise ConfigError(prefix + missing, None, "the field must be there")
    return cls(**{name: _build(hints[name], item, prefix + name) for name, item in value.items()})
