"""Layouts of data sets: scenes, cities, devices and file names of each.

Source: the data cards of TAU Urban Acoustic Scenes 2019, 2020 Mobile and 2022 Mobile (Heittola, Mesaros, Virtanen).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SCENES = (
    "airport",
    "bus",
    "metro",
    "metro_station",
    "park",
    "public_square",
    "shopping_mall",
    "street_pedestrian",
    "street_traffic",
    "tram",
)
_CITIES = ("barcelona", "helsinki", "lisbon", "london", "lyon", "milan", "paris", "prague", "stockholm", "vienna")
_DEVICES = ("a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Constraints on a data set in the TAU layout.

    Attributes
    ----------
    name
        Name of the layout.
    scenes, cities, devices
        Allowed names in the lists; None allows any name. TAU's are those of the development sets. Evaluation-only
        cities (amsterdam, madrid) and devices (d, s7 to s11) have no labels; with labels, use the layout `folder`.
    seconds
        Length of a clip; None for the commonest length found.
    indices
        Number of fields between city and device in a file name (location, segment, part); None allows any file name.
    first_version
        Number of rows in the lists of the first version, if a second version dropped recordings; otherwise 0.
    dropped
        Devices and number of recordings that the second version dropped.
    """

    name: str
    scenes: tuple[str, ...] | None = None
    cities: tuple[str, ...] | None = None
    devices: tuple[str, ...] | None = None
    seconds: float | None = None
    indices: int | None = None
    first_version: int = 0
    dropped: tuple[tuple[str, int], ...] = ()

    @property
    def only_device(self) -> str | None:
        """The device of every clip, if the layout has only one, so that lists need not name it."""
        return self.devices[0] if self.devices and len(self.devices) == 1 else None

    def dropped_rows(self, listed: int, absent: dict[int, str]) -> list[int]:
        """Return the rows of absent recordings that the second version of the data set dropped.

        The licence does not permit shipping the list of dropped recordings, but their number per device is known. If
        exactly that many recordings of these devices are absent, they are excused; otherwise all of them are errors.

        Parameters
        ----------
        listed
            Number of rows in meta.csv.
        absent
            Device of each row whose recording is absent.
        """
        expected = dict(self.dropped)
        rows = [row for row, device in absent.items() if device in expected]
        excused = listed == self.first_version and Counter(absent[row] for row in rows) == Counter(expected)
        return rows if excused else []

    def faults(self, clip: str, scene: str, city: str, device: str) -> Iterator[str]:
        """Yield the errors in a row of meta.csv; each message names the value and the allowed values."""
        for what, value, known in (
            ("scene", scene, self.scenes),
            ("city", city, self.cities),
            ("device", device, self.devices),
        ):
            if known is not None and value not in known:
                yield f"unknown {what} {value!r}; {self.name} has {', '.join(known)} (for others use folder)"
        if self.indices is None:
            return
        named = clip.removeprefix("audio/").removesuffix(".wav").split("-")
        if len(named) != self.indices + 3 or f"audio/{'-'.join(named)}.wav" != clip:
            fields = ("location", "segment", "part")[: self.indices]
            yield f"is not named audio/<scene>-<city>-<{'>-<'.join(fields)}>-<device>.wav"
            return
        for what, value, other in (("scene", scene, named[0]), ("city", city, named[1]), ("device", device, named[-1])):
            if value != other:
                yield f"the row has {what} {value!r}, the file's name {other!r}"


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout(name="folder"),
        Layout(name="tau2019", scenes=_SCENES, cities=_CITIES, devices=("a",), seconds=10.0, indices=2),
        Layout(
            name="tau2020",
            scenes=_SCENES,
            cities=_CITIES,
            devices=_DEVICES,
            seconds=10.0,
            indices=2,
            first_version=23_040,
            dropped=(("b", 2), ("c", 3)),
        ),
        Layout(name="tau2022", scenes=_SCENES, cities=_CITIES, devices=_DEVICES, seconds=1.0, indices=3),
    )
}


_TAU_DEVICE = re.compile(r"[abcd]|s\d+")


def device_kinds(devices: Sequence[str], reference: str, *, made: bool) -> dict[str, str]:
    """Return the kind of each device: "reference", "real" or "simulated".

    Devices other than the reference are simulated if the recordings were `made` by this project, or if they are named
    s1, s2, ... and all devices have names as in TAU.

    Examples
    --------
    >>> device_kinds(["a", "b", "s1"], "a", made=False)
    {'a': 'reference', 'b': 'real', 's1': 'simulated'}
    """
    tau = all(map(_TAU_DEVICE.fullmatch, devices))
    kinds = {device: "simulated" if made or (tau and device.startswith("s")) else "real" for device in devices}
    return kinds | {reference: "reference"}
