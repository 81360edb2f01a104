"""Wherever clips live, the trainer gets the same ones."""

import numpy as np
import pytest
import torch

from asc.clips import Kind, MappedClips, ResidentClips, clip_source
from common.errors import ConfigError
from data_prep.storage import PreparedSet

CPU = torch.device("cpu")


@pytest.mark.parametrize("kind", ["spectrogram", "waveform"])
def test_resident_clips_are_the_mapped_ones(prepared: PreparedSet, kind: Kind) -> None:
    mapped = MappedClips(prepared, kind)
    resident = ResidentClips(mapped, np.array([3, 40, 7, 12]), CPU)
    rows = np.array([12, 3, 12])
    expected = mapped.place(mapped.load(rows), CPU)
    assert torch.equal(resident.place(resident.load(rows), CPU), expected)
    assert expected.shape == (3, *(prepared.shape if kind == "spectrogram" else (prepared.samples,)))
    assert expected.dtype == (torch.float16 if kind == "spectrogram" else torch.float32)


def test_waveforms_have_their_scale_back(prepared: PreparedSet) -> None:
    source = MappedClips(prepared, "waveform")
    rows = np.flatnonzero(prepared.clips["device"] == "a")[:4]
    loudest = source.place(source.load(rows), CPU).abs().amax(1)
    assert (loudest > 0.2).all()  # the tone's amplitude and some noise
    assert (loudest < 0.35).all()


def test_on_the_cpu_clips_stay_in_the_map_unless_asked(prepared: PreparedSet) -> None:
    rows = np.arange(5)
    assert isinstance(clip_source(prepared, "spectrogram", rows, CPU, "auto"), MappedClips)
    assert isinstance(clip_source(prepared, "spectrogram", rows, CPU, "device"), ResidentClips)


@pytest.mark.parametrize(("free", "kind"), [(10**9, ResidentClips), (10**5, MappedClips)])
def test_on_a_gpu_clips_are_resident_where_they_fit(
    prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch, free: int, kind: type
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (free, 10**10))
    monkeypatch.setattr("asc.clips.ResidentClips.__init__", lambda *_: None)
    source = clip_source(prepared, "spectrogram", np.arange(20), torch.device("cuda"), "auto")
    assert isinstance(source, kind)


def test_missing_waveforms_name_the_way_out(prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "has_waveforms", False)
    with pytest.raises(ConfigError, match="--waveforms"):
        clip_source(prepared, "waveform", np.arange(3), CPU, "auto")
