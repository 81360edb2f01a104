"""Natural order of names: s2 before s10."""

import re


def natural_key(name: str) -> tuple[tuple[str | int, ...], str]:
    """Return the key that sorts names by the numbers in them.

    Examples
    --------
    >>> sorted(["s10", "s2", "a"], key=natural_key)
    ['a', 's2', 's10']
    """
    parts = re.split(r"([0-9]+)", name)  # text and numbers in turn
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), name
