"""Layouts of data sets: which scenes, cities and devices their lists may name, and how their files are called.

Facts: the data cards of TAU Urban Acoustic Scenes 2019, 2020 Mobile and 2022 Mobile (Heittola, Mesaros, Virtanen).
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
    """What is known beforehand about a data set in the TAU layout.

    Attributes
    ----------
    name
        As users choose it.
    scenes, cities, devices
        What its lists may name; None = anything. Only the development sets' own: evaluation-only cities (amsterdam,
        madrid) and devices (d, s7 to s11) come without labels, and who has labels for them uses `folder`.
    seconds
        Length of a clip; None = the commonest length found.
    indices
        How many fields stand between city and device in a file's name (location, segment, part); None = files may be
        called anything.
    first_version
        Rows in the lists of a first version, some of whose recordings a second version dropped; 0 = there is none.
    dropped
        How many recordings of which devices were dropped.
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
        """The device of every clip where there is but one, so that lists need not name it."""
        return self.devices[0] if self.devices and len(self.devices) == 1 else None

    def dropped_rows(self, listed: int, absent: dict[int, str]) -> list[int]:
        """Return those of the absent rows that the data set's second version dropped.

        Which recordings those are stands in lists that may not be shipped; how many of which device is known. So they
        are excused only together: any other missing recording of those devices makes the numbers differ, and all are
        errors.

        Parameters
        ----------
        listed
            How many rows meta.csv has.
        absent
            The device of each row whose recording is not there.
        """
        expected = dict(self.dropped)
        rows = [row for row, device in absent.items() if device in expected]
        excused = listed == self.first_version and Counter(absent[row] for row in rows) == Counter(expected)
        return rows if excused else []

    def faults(self, clip: str, scene: str, city: str, device: str) -> Iterator[str]:
        """Say what is wrong with a row of meta.csv, in words that name the value and what is allowed."""
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
            yield f"is not called audio/<scene>-<city>-<{'>-<'.join(fields)}>-<device>.wav"
            return
        for what, value, told in (("scene", scene, named[0]), ("city", city, named[1]), ("device", device, named[-1])):
            if value != told:
                yield f"the row says {what} {value!r}, the file's name {told!r}"


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
    """Return whether each device is the reference, real or simulated.

    All others are simulated where the recordings were `made` by this project; else those named s1, s2, ... where every
    name is one of TAU's: among other names s9 may be a telephone.
    """
    tau = all(map(_TAU_DEVICE.fullmatch, devices))
    kinds = {device: "simulated" if made or (tau and device.startswith("s")) else "real" for device in devices}
    return kinds | {reference: "reference"}
