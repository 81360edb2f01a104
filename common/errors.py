"""Exceptions for errors that a user can cause; any other exception is a bug."""


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
