"""The one exception family: what a user can cause is named, everything else is a bug."""


class AscError(Exception):
    """Base of every error that a user can cause. The message says what was found, where, and what to do."""


class ConfigError(AscError):
    """A setting has a value that is not allowed.

    Parameters
    ----------
    field
        Name of the setting, as the user writes it.
    value
        What was given.
    allowed
        What would have been accepted, in words.
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(f"{field} = {value!r} is not allowed: {allowed}")


class DataError(AscError):
    """Recordings, lists or a prepared set are not what they should be."""


class RunError(AscError):
    """A run, or the folder of one, cannot be started, continued or read."""
