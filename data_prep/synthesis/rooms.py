"""Reverberation by convolution with decaying noise, whose high frequencies decay faster."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from data_prep.synthesis.signals import LENGTH, RATE, Curve, Samples, fading, noise, unit

_LATE: Curve = ((80, 0), (1500, 0), (9000, -18))
_EARLY: Curve = ((80, -6), (400, 0), (9000, -3))


@dataclass(frozen=True, kw_only=True)
class Room:
    """Acoustic parameters of a room or an outdoor place.

    Parameters
    ----------
    decay
        Reverberation time (RT60) in seconds.
    wet
        Level of the reverberation in dB relative to the direct sound.
    gap
        Delay of the first reflections in seconds.
    """

    decay: float
    wet: float
    gap: float = 0.005

    def reverberate(self, dry: Samples, rng: np.random.Generator, stretch: float) -> Samples:
        """Return `dry`, shape (LENGTH,), with the reverberation of this room; `stretch` scales the decay time."""
        seconds = min(self.decay * stretch, 4.0)
        late, early = fading(seconds, seconds), fading(seconds, seconds / 3)
        response = noise(rng, _LATE, len(late)) * late + 0.7 * noise(rng, _EARLY, len(early)) * early
        # Normalised to energy 1, so that `wet` is the level for any decay time.
        response *= 10 ** (self.wet / 20) / np.sqrt(np.sum(response**2))
        response = np.concatenate([np.zeros(int(self.gap * RATE)), response])
        # Circular convolution: a clip is part of a longer sound, so its beginning is reverberant too.
        tail: Samples = fftconvolve(dry, response)
        wet = tail[:LENGTH]
        wet[: len(tail) - LENGTH] += tail[LENGTH:]
        return unit(dry + wet)
