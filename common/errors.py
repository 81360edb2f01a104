"""Exceptions for errors that a user can cause; any other exception is a bug."""

from typing import Any, get_args


class AscError(Exception):
    """Base class of every error that a user can cause. Messages say what was found, where, and what to do."""


class ConfigError(AscError):
    """A setting has a value that is not allowed.

    Parameters
    ----------
    field
        Name of the setting, as the user writes it.
    value
        The value given.
    allowed
        Description of the accepted values.
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(f"{field} = {value!r} is not allowed: {allowed}")


class DataError(AscError):
    """Recordings, metadata lists or a prepared set are missing, damaged or inconsistent."""


class RunError(AscError):
    """A run cannot be started or continued, or its folder cannot be read."""


def check_choice(field: str, value: object, *kinds: Any) -> None:
    """Raise ConfigError unless `value` is one of the values of the `Literal` types `kinds`."""
    allowed = [choice for kind in kinds for choice in get_args(kind)]
    if value not in allowed:
        raise ConfigError(field, value, f"one of {', '.join(map(str, allowed))}")


def check_at_least(settings: object, least: int, *fields: str) -> None:
    """Raise ConfigError for the first of `fields` whose number is below `least`."""
    for field in fields:
        if not getattr(settings, field) >= least:
            allowed = f"a whole number of at least {least}" if least else "zero or more"
            raise ConfigError(field, getattr(settings, field), allowed)
