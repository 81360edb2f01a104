"""Preparation of a 10 s, 24-bit, 44.1 kHz clip on one core, compared with librosa.

`python -m benchmarks.features [recording.wav]`; without a recording, 10 s of pink noise are used.
"""

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import soundfile as sf
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks import Comparison, compare
from data_prep.features import PerceptualMel
from data_prep.recording import read_recording, resample

_SECONDS, _RATE = 10, 44_100


class LibrosaMel:
    """The same spectrogram composed of librosa's functions in float32, with precomputed constants.

    `literal` uses `librosa.perceptual_weighting`, which recomputes the A-weighting and returns float64.
    """

    def __init__(self) -> None:
        self.frequencies = librosa.fft_frequencies(sr=22_050, n_fft=2048)
        with np.errstate(divide="ignore"):
            self.loudness = librosa.A_weighting(self.frequencies).astype(np.float32)[:, None]
        self.mel = librosa.filters.mel(sr=22_050, n_fft=2048, n_mels=256, fmin=0.0, fmax=11_025.0)

    def power(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the power spectrogram."""
        power: NDArray[np.float32] = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512, pad_mode="reflect")) ** 2
        return power

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the spectrogram, computed in float32."""
        level = librosa.power_to_db(self.power(samples), ref=1.0, amin=1e-10, top_db=80.0)
        spectrogram: NDArray[np.float32] = self.mel @ (level + self.loudness)
        return spectrogram

    def literal(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the spectrogram computed with `librosa.perceptual_weighting`, in float64."""
        with np.errstate(divide="ignore"):
            level = librosa.perceptual_weighting(
                self.power(samples), self.frequencies, ref=1.0, amin=1e-10, top_db=80.0
            )
        spectrogram: NDArray[np.float64] = self.mel @ level
        return spectrogram


def _samples(recording: Path | None) -> NDArray[np.float64]:
    """Return 10 s of a recording, or of pink noise, at 44.1 kHz."""
    count = _SECONDS * _RATE
    if recording is not None:
        samples, rate = sf.read(recording, always_2d=True)
        mono = librosa.resample(samples.mean(axis=1), orig_sr=rate, target_sr=_RATE)
        return np.resize(0.9 * mono, count)  # scaled, so that all 24 bits are used
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(count))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), count)
    return np.asarray(0.5 * noise / np.abs(noise).max())


def measure(recording: Path | None = None) -> list[Comparison]:
    """Measure the computation of features, and the preparation from a file, on one core.

    Parameters
    ----------
    recording
        Recording of which the first 10 s (repeated if shorter) are used; None for noise.

    Returns
    -------
    list of Comparison
        Features against float32, features against float64, preparation from a file.
    """
    ours, theirs = PerceptualMel(), LibrosaMel()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        file = Path(folder, "clip.wav")
        sf.write(file, _samples(recording), _RATE, subtype="PCM_24")

        def prepare() -> None:
            read = read_recording(file)
            ours(torch.from_numpy(resample(read.samples, read.rate))[None])

        def prepare_by_librosa() -> None:
            theirs(librosa.load(file, sr=22_050, res_type="soxr_hq")[0])

        samples = resample(read_recording(file).samples, _RATE)
        clip = torch.from_numpy(samples)[None]
        on_one_core = partial(compare, clock=time.process_time)
        name, literal = "features of 10 s", "librosa with perceptual_weighting, partly float64"
        return [
            on_one_core(name, lambda: ours(clip), "librosa, float32", lambda: theirs(samples), least=3),
            on_one_core(name, lambda: ours(clip), literal, lambda: theirs.literal(samples)),
            on_one_core("10 s from a 24-bit file", prepare, "librosa, float32", prepare_by_librosa, least=2),
        ]


if __name__ == "__main__":
    torch.set_num_threads(1)
    for row in measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        print(row)
