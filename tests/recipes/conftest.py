"""The small prepared set that the application's tests train on."""

from tests.asc.conftest import prepared, recordings

__all__ = ["prepared", "recordings"]
