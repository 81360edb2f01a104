"""Warnings about the recordings and devices of a prepared set, derived from `data_prep.device_facts`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

from data_prep.device_facts import CLIPPED, FLATTENED, LOST_IN_MIXING, Fault, FaultyClip, SetFacts
from data_prep.mixing import LOWEST

APART = 20.0  # dB; a larger difference in level between devices suggests different scales of their samples
EMPTY = 0.8  # of the spectrogram's frequency range; below it, a device's missing bands are reported
_SHOWN = 10
_TO_SIGMA = 1.4826  # ratio of standard deviation to median absolute deviation of a normal distribution
_FAR = 3.0  # standard deviations

_REMEDIES: Mapping[Fault, tuple[str, str, Callable[[float], str]]] = {
    "mixing": (
        f"the mono signal is more than {-LOST_IN_MIXING:g} dB below the loudest channel",
        "opposite polarity, or microphones far apart; --channel takes one channel instead of the mean",
        lambda value: f"{value:.1f} dB",
    ),
    "offset": (
        f"a constant offset flattens more than {100 * FLATTENED:.0f} % of the spectrogram above 300 Hz",
        "--high-pass 20 removes it",
        lambda value: f"{100 * value:.0f} %",
    ),
    "clipping": (
        f"more than {100 * CLIPPED:.0f} % of the samples are at full scale",
        "recorded too loud, which cannot be repaired",
        lambda value: f"{100 * value:.1f} %",
    ),
}


def cautions(facts: SetFacts, reference_device: str) -> list[str]:
    """Return warnings about faulty recordings and about devices that differ from the others.

    Parameters
    ----------
    facts
        Facts about the set's devices.
    reference_device
        If there are two devices, the one that the other is compared with.
    """
    return [
        *(
            fault_warning(fault, facts.faulty)
            for fault in _REMEDIES
            if any(faulty.fault == fault for faulty in facts.faulty)
        ),
        *_levels(facts, reference_device),
        *_bands(facts),
    ]


def fault_warning(fault: Fault, faulty: Sequence[FaultyClip]) -> str:
    """Return a warning that names the recordings with one kind of fault and the values measured for them."""
    what, remedy, in_words = _REMEDIES[fault]
    found = [each for each in faulty if each.fault == fault]
    named = ", ".join(f"{each.clip!r} ({in_words(each.value)})" for each in found[:_SHOWN])
    more = ", ..." if len(found) > _SHOWN else ""
    return f"{len(found)} recording{'s' * (len(found) > 1)}: {what} ({remedy}): {named}{more}"


def outliers(values: Mapping[str, float], reference: str, tolerance: float) -> dict[str, float]:
    """Return the outliers among values, each as its difference from the median.

    An outlier differs from the median by more than `tolerance` and by more than three standard deviations, which are
    estimated from the median absolute deviation. If there are two values, the other one is compared with the reference.

    Parameters
    ----------
    values
        Values by name.
    reference
        Name whose value replaces the median if there are two values.
    tolerance
        Smallest difference of an outlier.

    Examples
    --------
    >>> outliers({"a": -30.0, "b": -32.0, "c": -31.0, "s1": -62.0}, "a", 20.0)
    {'s1': -30.5}
    """
    if len(values) == 2 and reference in values:
        middle, sigma = values[reference], 0.0
    else:
        middle = median(values.values()) if values else 0.0
        sigma = _TO_SIGMA * median([abs(value - middle) for value in values.values()]) if values else 0.0
    limit = max(tolerance, _FAR * sigma)
    return {name: value - middle for name, value in values.items() if abs(value - middle) > limit}


def _levels(facts: SetFacts, reference: str) -> Iterator[str]:
    levels = {each.device: each.level for each in facts.devices if each.level > LOWEST}
    apart = outliers(levels, reference, APART)
    for device, level in levels.items():
        if level > 0:
            yield (
                f"device {device!r} is louder than full scale: {level:+.1f} dB at the median; if its files hold floats "
                "on the scale of 16-bit integers, divide them by 32,768"
            )
        elif device in apart:
            yield (
                f"device {device!r} stands out: its recordings have {level:.1f} dB at the median, {apart[device]:+.1f} "
                "dB from the other devices; the scale of its samples may be another"
            )


def _bands(facts: SetFacts) -> Iterator[str]:
    whole = facts.edges[-1]
    for each in facts.devices:
        if each.level > LOWEST and each.band < EMPTY * whole:
            yield (
                f"device {each.device!r} records nothing above {each.band / 1000:.1f} kHz; the spectrogram's bands "
                f"from there to {whole / 1000:.1f} kHz are empty"
            )
