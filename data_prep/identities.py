"""Normalised names, by which two spellings of one scene, city, device or file are recognised."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_SEPARATORS = re.compile(r"[\s_-]+")


def normalise_name(name: str) -> str:
    """Return a name as it is stored: composed (NFC), without white space around it."""
    return unicodedata.normalize("NFC", name).strip()


def spelling_key(name: str) -> str:
    """Return a key that is equal for all spellings of a name.

    Unicode composition, capitals, invisible characters and word separators (spaces, underscores, hyphens) make no
    difference, and separators at either end are dropped.
    """
    seen = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return _SEPARATORS.sub("_", unicodedata.normalize("NFKC", seen.casefold())).strip("_")


def path_key(path: str) -> str:
    """Return a key that is equal for all spellings of a path: Unicode composition and capitals make no difference."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path.strip()).casefold())


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Return, for each name that is a rarer spelling of another one, that other one.

    Parameters
    ----------
    names
        Every occurrence; of spellings equally common, the first counts as the right one.
    """
    counts = Counter(names)
    right: dict[str, str] = {}
    for name in counts:
        key = spelling_key(name)
        if key not in right or counts[name] > counts[right[key]]:
            right[key] = name
    return {name: right[spelling_key(name)] for name in counts if right[spelling_key(name)] != name}
