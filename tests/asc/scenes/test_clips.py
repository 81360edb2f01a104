"""Wherever clips live, the trainer gets the same ones."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from asc.scenes.clips import Kind, MappedClips, ResidentClips, clip_source
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
    mapped = MappedClips(prepared, "spectrogram")
    assert clip_source(mapped, np.arange(5), CPU, "auto") is mapped
    assert isinstance(clip_source(mapped, np.arange(5), CPU, "device"), ResidentClips)


@pytest.mark.parametrize(
    ("free", "total", "runs", "kind"),
    [
        (10**9, 10**10, 1, ResidentClips),
        (10**5, 10**10, 1, MappedClips),
        # The others have not taken their memory yet: what is free is not this run's alone.
        (10**9, 10**9, 1000, MappedClips),
        (10**9, 10**10, 4, ResidentClips),
    ],
)
def test_on_a_gpu_clips_are_resident_where_they_fit(
    prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch, free: int, total: int, runs: int, kind: type
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (free, total))
    monkeypatch.setattr("asc.scenes.clips.ResidentClips.__init__", lambda *_: None)
    source = clip_source(MappedClips(prepared, "spectrogram"), np.arange(20), torch.device("cuda"), "auto", runs)
    assert isinstance(source, kind)


def test_resident_clips_are_never_held_twice(prepared: PreparedSet) -> None:
    class Allocated(TorchDispatchMode):
        """Adds up what is allocated on the meta device, which stands for a GPU."""

        total = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            new = all(value.alias_info is None for value in func._schema.returns)  # neither a view nor in place
            if new and isinstance(result, torch.Tensor) and result.device.type == "meta":
                self.total += result.nbytes
            return result

    rows = np.arange(40)
    with Allocated() as allocated:
        resident = ResidentClips(MappedClips(prepared, "waveform"), rows, torch.device("meta"))
    assert [one.device.type for one in resident.stored] == ["meta", "meta"]
    assert allocated.total == sum(one.nbytes for one in resident.stored) == 40 * (2 * prepared.samples + 4)


def test_a_loader_worker_gets_places_and_no_clips(prepared: PreparedSet) -> None:
    resident = ResidentClips(MappedClips(prepared, "spectrogram"), np.array([3, 40, 7]), CPU)
    copied = copy.copy(resident)
    assert not copied.stored
    assert copied.load(np.array([7, 3]))[0].tolist() == [2, 0]


def test_missing_waveforms_name_the_way_out(prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "has_waveforms", False)
    with pytest.raises(ConfigError, match="--waveforms"):
        MappedClips(prepared, "waveform")
