"""Options of registry entries: entries are chosen by name, and the fields of those chosen become options.

`--weights static damped` adds `--static.base-width`, `--damped.edge` and so on, each documented where the entry is.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, field, fields, make_dataclass
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import tyro

from common.identity import Variant

T = TypeVar("T")


def without_options(settings: type[Any], *hidden: str, **defaults: Any) -> type[Any]:
    """Return a subclass of a settings dataclass in which some fields are no options.

    Parameters
    ----------
    hidden
        Fields that keep their defaults; those that the dataclass lacks are passed over.
    defaults
        Other defaults than the dataclass has.
    """
    hints, made = get_type_hints(settings), []
    for each in fields(settings):
        default = defaults.get(each.name, each.default)
        if default is MISSING and each.default_factory is MISSING:
            continue
        kept: Any = field(default_factory=each.default_factory) if default is MISSING else default
        if each.name in hidden:
            made.append((each.name, Annotated[hints[each.name], tyro.conf.Fixed, tyro.conf.SuppressFixed], kept))
        elif each.name in defaults:
            made.append((each.name, hints[each.name], kept))
    return make_dataclass(settings.__name__, made, bases=(settings,), frozen=True, kw_only=True)


def as_settings(settings: type[T], parsed: Any) -> T:
    """Return parsed options as the settings dataclass that `without_options` was given."""
    return settings(**{each.name: getattr(parsed, each.name) for each in fields(settings)})  # type: ignore[arg-type]


def named_on_command_line(arguments: Sequence[str], option: str, default: Sequence[str]) -> list[str]:
    """Return the names that follow an option, before the command line is parsed; the default where it is missing."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(option, nargs="*", default=list(default))
    found: list[str] = getattr(parser.parse_known_args(list(arguments))[0], option.lstrip("-").replace("-", "_"))
    return found


def names_of(family: Iterable[type[Variant]], what: str, *, several: bool = False) -> Any:
    """Return the type of an option that takes the name of an entry, or of several; its help describes all."""
    names: Any = Literal[tuple(entry.kind for entry in family)]
    told = []
    for entry in family:
        first = (entry.__doc__ or "").strip().splitlines()[0].rstrip(".")
        told.append(f"`{entry.kind}`: {first[:1].lower()}{first[1:]}")
    taken: Any = tuple[names, ...] if several else names
    return Annotated[taken, tyro.conf.arg(help=f"{what}: {'; '.join(told)}.")]


def flat(settings: Any) -> Any:
    """Return the type of a field whose own fields are options without a prefix."""
    return Annotated[settings, tyro.conf.OmitArgPrefixes, tyro.conf.arg(name="")]


def entry_fields(
    family: Iterable[type[Variant]], chosen: Iterable[str], defaults: Mapping[str, Variant] | None = None
) -> list[tuple[Any, ...]]:
    """Return fields for `dataclasses.make_dataclass`: one for each entry chosen, named as the entry.

    Names that are not in the family are left out: the parser says which there are.
    """
    known: dict[str, Any] = {entry.kind: entry for entry in family}
    made: list[tuple[Any, ...]] = []
    for kind in dict.fromkeys(chosen):
        if kind in known:
            annotation: Any = Annotated[known[kind], tyro.conf.arg(name=kind)]
            default = (defaults or {}).get(kind)
            made.append((attribute(kind), annotation) if default is None else (attribute(kind), annotation, default))
    return made


def attribute(kind: str) -> str:
    """Return the name of the field that an entry has."""
    return "entry_" + kind.replace("-", "_")


def entries_in(options: object, chosen: Iterable[str]) -> list[Any]:
    """Return the entries chosen, with the values of their options."""
    return [getattr(options, attribute(kind)) for kind in chosen]
