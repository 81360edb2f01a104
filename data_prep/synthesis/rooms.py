"""Rooms: reverberation as decaying noise, duller the longer it lasts."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from data_prep.synthesis.signals import LENGTH, RATE, Curve, Samples, fading, noise, unit

_LATE: Curve = ((80, 0), (1500, 0), (9000, -18))
_EARLY: Curve = ((80, -6), (400, 0), (9000, -3))


@dataclass(frozen=True, kw_only=True)
class Room:
    """What surrounds the listener.

    Parameters
    ----------
    decay
        Reverberation time in seconds (60 dB).
    wet
        Level of the reverberation in dB relative to the direct sound.
    gap
        Seconds before the first reflections arrive: the size of the room or of the square.
    """

    decay: float
    wet: float
    gap: float = 0.005

    def reverberate(self, dry: Samples, rng: np.random.Generator, stretch: float) -> Samples:
        """Return `dry`, shape (LENGTH,), as heard in this room, its reverberation time multiplied by `stretch`."""
        seconds = min(self.decay * stretch, 4.0)
        late, early = fading(seconds, seconds), fading(seconds, seconds / 3)
        response = noise(rng, _LATE, len(late)) * late + 0.7 * noise(rng, _EARLY, len(early)) * early
        # Energy 1, so that `wet` says what it means whatever the room's length.
        response *= 10 ** (self.wet / 20) / np.sqrt(np.sum(response**2))
        response = np.concatenate([np.zeros(int(self.gap * RATE)), response])
        # Circular in time: the clip is a piece of something longer, its beginning already in the room's sound.
        tail: Samples = fftconvolve(dry, response)
        wet = tail[:LENGTH]
        wet[: len(tail) - LENGTH] += tail[LENGTH:]
        return unit(dry + wet)
