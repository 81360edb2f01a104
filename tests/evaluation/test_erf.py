"""The effective receptive field against whole-input gradients, composed kernels, and extents in closed form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import convolve2d
from torch import Tensor, nn

from common.errors import DataError
from data_prep.features import PerceptualMel
from data_prep.recording import read_recording, resample
from evaluation.erf import ErfMap, Layer, effective_receptive_field, extent, mean_map, penultimate
from evaluation.erf_plots import draw_maps
from evaluation.style import house_style, saved
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.initialisation import initialise
from models.receptive_field import receptive_field
from models.weights.damping import damp

KINDS = [(d, 1, m) for d in (1, 2, 3) for m in (None, 0.1)] + [(1, k, m) for k in (0, 2, 3, 4) for m in (None, 0.1)]


def network(
    width: int = 4, depth: int = 1, k: int = 1, damping: float | None = None, init: str = "kaiming"
) -> AudioResNet:
    made = AudioResNet(AudioResNetSettings(width=width, depth=depth, pointwise_depth=k))
    initialise(made, init, seed=0)
    generator = torch.Generator().manual_seed(1)
    for module in made.modules():  # as after training: batch norm shifts and scales every channel differently
        if isinstance(module, nn.BatchNorm2d) and init == "kaiming":
            for tensor in (module.bias.data, module.running_mean):
                assert tensor is not None
                tensor.normal_(0, 0.1, generator=generator)
    if damping is not None:
        damp(made, damping)
    return made


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(2))


def clip_by_clip(layer: nn.Module, clips: Tensor) -> NDArray[np.float64]:
    """Return the mean absolute gradient over the whole input, one clip at a time, as autograd alone gives it."""
    layer.eval()
    total = np.zeros(clips.shape[2:])
    for clip in clips:
        x = clip[None].clone().requires_grad_()
        y = layer(x)
        direction = torch.zeros_like(y)
        direction[:, :, y.shape[2] // 2, y.shape[3] // 2] = 1
        y.backward(direction)
        assert x.grad is not None
        total += x.grad[0].double().abs().mean(dim=0).numpy()
    return total / len(clips)


def placed(erf: ErfMap, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a map on the input it was cropped from, zero elsewhere."""
    whole = np.zeros(shape)
    (row, column), (mels, frames) = erf.first, erf.values.shape
    whole[row : row + mels, column : column + frames] = erf.values
    return whole


@pytest.mark.parametrize(("depth", "k", "damping"), KINDS)
def test_nothing_is_outside_the_maximum_receptive_field(depth: int, k: int, damping: float | None) -> None:
    layer = penultimate(network(depth=depth, k=k, damping=damping), "features")
    clips = noise(2, 1, 256, 431)
    erf = effective_receptive_field(layer, [clips])
    whole = clip_by_clip(layer, clips)
    span = 167 + 64 * (depth - 1)
    rows, columns = (range(max(0, c - span // 2), min(n, c + span // 2 + 1)) for c, n in ((120, 256), (216, 431)))
    assert erf.first == (rows[0], columns[0])
    assert erf.values.shape == (len(rows), len(columns))
    assert (erf.centre, erf.maximum) == ((120, 216), (span, span))
    outside = np.ones(whole.shape, bool)
    outside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = False
    assert not whole[outside].any()
    assert erf.values.any(axis=1).mean() > 0.9  # the crop is tight, not merely large enough
    assert np.abs(placed(erf, whole.shape) - whole).max() <= 1e-5 * whole.max()


@pytest.mark.parametrize("shape", [(256, 431), (256, 44), (64, 216), (131, 187), (177, 177), (40, 430), (203, 432)])
@pytest.mark.parametrize("layer_name", ["features", "class-map"])
def test_computing_only_what_is_seen_changes_nothing_at_any_border(shape: tuple[int, int], layer_name: Layer) -> None:
    layer = penultimate(network(damping=0.1), layer_name)
    clips = noise(3, 1, *shape)
    whole = clip_by_clip(layer, clips)
    erf = effective_receptive_field(layer, [clips])
    assert np.abs(placed(erf, shape) - whole).max() <= 1e-5 * whole.max()


def test_a_linear_network_has_the_product_of_its_kernels() -> None:
    generator = np.random.default_rng(0)
    first, second = nn.Conv2d(1, 3, (5, 3), stride=(2, 1), padding=(1, 1), bias=False), nn.Conv2d(3, 2, 3, padding=1)
    pool = nn.AvgPool2d(2)
    for conv in (first, second):
        conv.weight.data = torch.from_numpy(generator.normal(size=conv.weight.shape)).float()
    wide = np.zeros((3, 5, 5))  # the second kernel over the pool's input, on which its rows are two apart
    wide[:, ::2, ::2] = second.weight.detach().double().numpy().sum(axis=0)
    parts = []
    for channel in range(3):
        pooled = convolve2d(wide[channel], np.full((2, 2), 0.25))
        strided = np.zeros((2 * len(pooled) - 1, pooled.shape[1]))
        strided[::2] = pooled
        parts.append(convolve2d(strided, first.weight[channel, 0].detach().double().numpy()))
    expected = np.sum(parts, axis=0)
    layer = nn.Sequential(first, pool, second)
    erf = effective_receptive_field(layer, [noise(4, 1, 60, 40), noise(1, 1, 60, 40)])
    assert (erf.values.shape, erf.clips) == (expected.shape, 5)
    np.testing.assert_allclose(erf.values, np.abs(expected), atol=1e-5 * np.abs(expected).max())


@pytest.fixture(scope="module")
def real_clips(real_data: Path) -> tuple[Tensor, Tensor]:
    """Spectrograms of real recordings, each mel band brought to mean 0 and deviation 1: sounding, partly silent."""
    files = sorted((real_data / "data" / "esc10").glob("*/*.ogg"))[::33]
    waveforms = []
    for file in files:
        recording = read_recording(file)
        waveforms.append(torch.from_numpy(resample(recording.samples, recording.rate)[:110_000]))
    spectrograms = PerceptualMel()(torch.stack(waveforms))
    deviation, mean = torch.std_mean(spectrograms, dim=(0, 2), keepdim=True)
    normalised = ((spectrograms - mean) / deviation)[:, None]
    silent = torch.stack([(waveform == 0).float().mean() > 0.01 for waveform in waveforms])
    return normalised[~silent], normalised[silent]


@pytest.mark.parametrize(("damping", "layer_name"), [(None, "features"), (0.1, "features"), (0.1, "class-map")])
def test_real_recordings_as_autograd_does_them_one_by_one(
    real_clips: tuple[Tensor, Tensor], damping: float | None, layer_name: Layer
) -> None:
    layer = penultimate(network(width=16, damping=damping), layer_name)
    sounding, silent = real_clips
    assert len(sounding) >= 4
    assert len(silent) >= 2
    # In digital silence neighbours tie in a max pool, and the rounding of float32, which may differ from batch to
    # batch, decides which of them passes the gradient on; in float64 every clip is computed alone.
    for clips, dtype, tolerance in ((sounding, torch.float32, 1e-5), (silent, torch.float64, 1e-9)):
        layer = layer.to(dtype)
        whole = clip_by_clip(layer, clips.to(dtype))
        erf = effective_receptive_field(layer, torch.split(clips.to(dtype), 3))
        assert np.abs(placed(erf, whole.shape) - whole).max() <= tolerance * whole.max()


def test_damping_halves_the_extent_in_frequency_before_training(real_clips: tuple[Tensor, Tensor]) -> None:
    base, damped = (
        extent(effective_receptive_field(network(width=32, damping=damping).features, [real_clips[0]]), 0.95)
        for damping in (None, 0.1)
    )
    assert 90 <= base.mels <= 120
    assert damped.mels <= base.mels / 2
    assert damped.frames > base.frames / 2  # time is left alone


def test_symmetric_network_and_inputs_give_a_symmetric_map() -> None:
    made = network(width=8)
    for module in made.modules():
        if isinstance(module, nn.Conv2d):
            for axis in (2, 3):
                module.weight.data = (module.weight.data + module.weight.data.flip(axis)) / 2
    x = noise(2, 1, 177, 177)  # the middle of the output stands on the middle of an input of this size
    # All four mirror images of a clip, for one that is its own image ties in every max pool.
    clips = torch.cat([x, x.flip(2), x.flip(3), x.flip(2, 3)])
    values = effective_receptive_field(made.features, [clips]).values
    for axis in (0, 1):
        np.testing.assert_allclose(values, np.flip(values, axis), atol=1e-5 * values.max())


@pytest.mark.parametrize("damping", [None, 0.1])
def test_batches_do_not_show_and_the_network_is_left_as_it_was(damping: float | None) -> None:
    made = network(damping=damping).train()
    made.classifier.requires_grad_(False)
    clips = noise(7, 1, 256, 200)
    state = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        maps = [effective_receptive_field(made.features, torch.split(clips, size)) for size in (1, 3, 7)]
    for other in maps[1:]:
        np.testing.assert_allclose(other.values, maps[0].values, atol=1e-6 * maps[0].values.max())
        assert other.clips == 7
    assert all(module.training for module in made.modules())
    assert [parameter.requires_grad for parameter in made.parameters()].count(False) == 3
    assert all(parameter.grad is None for parameter in made.parameters())
    assert all(torch.equal(tensor, state[name]) for name, tensor in made.state_dict().items())
    assert clips.grad is None
    assert not clips.requires_grad
    assert torch.backends.cudnn.allow_tf32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_computes_it_in_float32_proper() -> None:
    made = network(width=16, damping=0.1)
    clips = noise(4, 1, 256, 431)
    expected = effective_receptive_field(made.features, [clips]).values
    values = effective_receptive_field(made.cuda().features, [clips.cuda()]).values
    assert np.abs(values - expected).max() <= 1e-4 * expected.max()  # TensorFloat-32 misses this


def test_what_has_no_extent_says_so() -> None:
    start = network(init="fixup")
    erf = effective_receptive_field(penultimate(start, "class-map"), [noise(2, 1, 256, 200)])
    assert not erf.values.any()
    with pytest.raises(DataError, match=r"zero everywhere .*init = kaiming"):
        extent(erf, 0.5)
    start.features[0].weight.data.fill_(float("nan"))  # type: ignore[operator]
    with pytest.raises(DataError, match="not finite"):
        extent(effective_receptive_field(start.features, [noise(1, 1, 256, 200)]), 0.5)
    with pytest.raises(DataError, match="no clip"):
        effective_receptive_field(start.features, [])


def made_map(values: NDArray[np.float64], first: tuple[int, int], centre: tuple[float, float]) -> ErfMap:
    return ErfMap(values=values, first=first, centre=centre, maximum=(values.shape[0], values.shape[1]), clips=1)


def test_extents_in_closed_form() -> None:
    triangle = 51.0 - np.abs(np.arange(-50, 51))  # the 2h+1 innermost hold (2h+1) 51 - h(h+1) of 51^2
    erf = made_map(np.outer(np.ones(101), triangle), (10, 20), (60, 70))
    half, most = extent(erf, 0.5), extent(erf, 0.95)
    assert (half.mels, most.mels) == (51, 97)  # 51 of 101 bands are the fewest odd number that is half of them
    expected = [next(h for h in range(51) if (2 * h + 1) * 51 - h * (h + 1) >= s * 51**2) for s in (0.5, 0.95)]
    assert [half.frames, most.frames] == [2 * h + 1 for h in expected]
    assert most.reach == (48, expected[1])


def test_extents_of_even_fields_and_of_what_the_input_cuts_off() -> None:
    even = made_map(np.ones((20, 20)), (0, 0), (9.5, 9.5))
    assert extent(even, 0.5) == extent(even, 0.41)
    assert (extent(even, 0.5).mels, extent(even, 0.5).reach) == (10, (4.5, 4.5))
    cut = made_map(np.ones((8, 9)), (0, 0), (2.0, 4.0))  # two bands below the centre, five above
    assert extent(cut, 1.0).mels == 8
    assert extent(cut, 0.75) == extent(cut, 0.7)
    assert (extent(cut, 0.75).mels, extent(cut, 0.75).reach[0]) == (6, 3.0)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1), st.integers(2, 30), st.integers(2, 30))
def test_an_extent_holds_its_share_and_nothing_smaller_does(seed: int, share: float, mels: int, frames: int) -> None:
    values = np.random.default_rng(seed).exponential(size=(mels, frames)) ** 3
    erf = made_map(values, (5, 5), (5 + mels // 2, 5 + frames // 2))
    found = extent(erf, share)
    for axis, (size, reach) in enumerate(zip((found.mels, found.frames), found.reach, strict=True)):
        inside: Callable[[float], NDArray[np.bool_]] = lambda r, a=axis: np.abs(erf.offsets(a)) <= r  # type: ignore[misc]  # noqa: E731
        mass = values.sum(axis=1 - axis)
        assert inside(reach).sum() == size
        assert mass[inside(reach)].sum() >= share * mass.sum() * (1 - 1e-9)
        assert mass[inside(reach - 1)].sum() < share * mass.sum()


def test_the_mean_of_maps_weighs_each_seed_alike() -> None:
    first, second = (np.random.default_rng(seed).random((5, 7)) for seed in (0, 1))
    maps = [made_map(first, (3, 4), (5.0, 7.0)), made_map(1e6 * second, (3, 4), (5.0, 7.0))]
    mean = mean_map(maps)
    np.testing.assert_allclose(mean.values, (first / first.sum() + second / second.sum()) / 2)
    assert (mean.first, mean.centre) == ((3, 4), (5.0, 7.0))
    with pytest.raises(DataError, match="different places"):
        mean_map([maps[0], made_map(first, (2, 4), (5.0, 7.0))])
    with pytest.raises(DataError, match="zero"):
        mean_map([maps[0], made_map(0 * first, (3, 4), (5.0, 7.0))])
    with pytest.raises(DataError, match="0 effective"):
        mean_map([])


def test_both_readings_have_the_receptive_field_of_the_last_block() -> None:
    made = network(k=2)
    assert receptive_field(penultimate(made, "class-map")) == receptive_field(penultimate(made, "features"))


@pytest.mark.parametrize(("count", "span", "panels"), [(1, None, 1), (5, None, 5), (2, 9, 2)])
def test_pictures_show_every_map_on_one_scale_to_the_same_bytes(count: int, span: int | None, panels: int) -> None:
    maps = [(f"number {i}", made_map(np.eye(11 + 2 * i) + 0.1, (0, 0), (5.0 + i, 5.0 + i))) for i in range(count)]
    with house_style():
        figure = draw_maps(maps, span=span, footer="what was averaged")
        files = [saved(draw_maps(maps, span=span, footer="x"), form) for form in ("png", "pdf") for _ in range(2)]
    drawn = [axes for axes in figure.axes if axes.get_visible() and axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in drawn] == [name for name, _ in maps]
    widest = 11 + 2 * (count - 1) if span is None else span
    assert {axes.get_xlim() for axes in drawn} == {axes.get_ylim() for axes in drawn} == {(-widest / 2, widest / 2)}
    assert all(len(axes.patches) == 2 for axes in drawn)
    assert panels == len(drawn)
    assert files[0] == files[1]
    assert files[2] == files[3]
    assert files[0].startswith(b"\x89PNG")
    assert files[2].startswith(b"%PDF")
