"""Normalisation of names, by which different spellings of a scene, city, device or file are recognised."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_SEPARATORS = re.compile(r"[\s_-]+")


def normalise_name(name: str) -> str:
    """Return a name in Unicode form NFC without surrounding white space."""
    return unicodedata.normalize("NFC", name).strip()


def spelling_key(name: str) -> str:
    """Return a key that is equal for all spellings of a name.

    Spellings may differ in Unicode form, capitals, invisible characters, and word separators (spaces, underscores,
    hyphens).

    Examples
    --------
    >>> spelling_key("Street-Traffic ") == spelling_key("street_traffic")
    True
    """
    seen = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return _SEPARATORS.sub("_", unicodedata.normalize("NFKC", seen.casefold())).strip("_")


def path_key(path: str) -> str:
    """Return a key that is equal for spellings of a path that differ in Unicode form or capitals."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path.strip()).casefold())


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Return the commonest spelling of each name that has a more common spelling.

    Parameters
    ----------
    names
        All occurrences of names. Among equally common spellings, the first one is preferred.

    Examples
    --------
    >>> spellings(["park", "park", "Park", "bus"])
    {'Park': 'park'}
    """
    counts = Counter(names)
    right: dict[str, str] = {}
    for name in counts:
        key = spelling_key(name)
        if key not in right or counts[name] > counts[right[key]]:
            right[key] = name
    return {name: right[spelling_key(name)] for name in counts if right[spelling_key(name)] != name}
