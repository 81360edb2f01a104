"""DCT plus sparse layers computed with a fast transform, without the dense weight."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.prunable import prunable
from models.weights.dct import DctPlusSparse
from models.weights.laying import innermost


def fast_dct(x: Tensor, size: int) -> Tensor:
    """Return the orthonormal DCT-II of `x` along its last dimension, zero-padded to `size` (Makhoul 1980).

    Computed with one real FFT, in O(size log size). The input is float32 or float64.
    """
    x = nn.functional.pad(x, (0, size - x.shape[-1]))
    folded = torch.cat((x[..., ::2], x[..., 1::2].flip(-1)), -1)
    frequency = torch.arange(size // 2 + 1, device=x.device, dtype=x.dtype)
    twiddle = torch.polar(torch.full_like(frequency, math.sqrt(2 / size)), frequency * (-math.pi / (2 * size)))
    twiddle[0] /= math.sqrt(2)
    spectrum = torch.fft.rfft(folded) * twiddle
    return torch.cat((spectrum.real, -spectrum.imag[..., 1 : (size + 1) // 2].flip(-1)), -1)


def _patches(layer: nn.Conv2d | nn.Linear, x: Tensor) -> Tensor:
    """Return the patch of each output position, (batch, in x kh x kw, position), in the order of the weight."""
    if isinstance(layer, nn.Linear):
        return x.reshape(1, -1, layer.in_features).mT.contiguous()
    geometry: Any = {"dilation": layer.dilation, "padding": layer.padding, "stride": layer.stride}
    return nn.functional.unfold(x, layer.kernel_size, **geometry)


def _transformed(scheme: DctPlusSparse, values: Tensor, patches: Tensor) -> Tensor:
    """Return alpha times the transform of each patch plus its product with S, (batch, out, position)."""
    outputs, length = scheme.shape[0], patches.shape[1]
    by_channel = patches.view(len(patches), scheme.shape[1], -1, patches.shape[2])
    channel_last = by_channel.permute(0, 3, 2, 1).flatten(2)
    dense = fast_dct(channel_last, max(outputs, length))[..., :outputs].transpose(1, 2)
    rows, columns = scheme.positions // length, scheme.positions % length
    sparse = patches.index_select(1, columns) * values[:, None]
    return (scheme.alpha * dense).index_add(1, rows, sparse)


def _laid_out(layer: nn.Conv2d | nn.Linear, y: Tensor, x: Tensor) -> Tensor:
    """Reshape (batch, out, position) to the layer's output for the input `x`."""
    if isinstance(layer, nn.Linear):
        return y.mT.reshape(*x.shape[:-1], layer.out_features)
    steps: Any = zip(x.shape[2:], layer.kernel_size, layer.stride, layer.padding, layer.dilation, strict=True)
    sizes = [(size + 2 * pad - hole * (kernel - 1) - 1) // jump + 1 for size, kernel, jump, pad, hole in steps]
    return y.view(len(x), layer.out_channels, *sizes)


class _FastForward:
    """Mixin of a layer class: a forward pass with the fast transform, if DCT plus sparse is the only scheme."""

    def forward(self, x: Tensor) -> Tensor:
        layer: Any = self
        schemes = layer.parametrizations["weight"]
        if len(schemes) > 1:  # damped: the product of C and the transform has no fast algorithm
            return super().forward(x)  # type: ignore[misc, no-any-return]
        kind = x.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
        with torch.autocast(kind, enabled=False):
            values = schemes.original
            y = _transformed(schemes[0], values, _patches(layer, x.to(values.dtype)))
            if layer.bias is not None:
                y = y + layer.bias[:, None]
        return _laid_out(layer, y, x).to(dtype)


def _can_be_fast(layer: nn.Conv2d | nn.Linear) -> bool:
    ungrouped = isinstance(layer, nn.Linear) or (
        layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    )
    return ungrouped and isinstance(innermost(layer), DctPlusSparse)


def _is_faster(layer: nn.Conv2d | nn.Linear) -> bool:
    """Return whether the fast transform is faster, as measured on a CPU.

    For other convolutions it depends on the size of the feature map; the caller decides.
    """
    scheme: Any = innermost(layer)
    wide = 512 if isinstance(layer, nn.Linear) else 1024 if layer.kernel_size == (1, 1) else math.inf
    return bool(min(scheme.shape[:2]) >= wide and len(scheme.positions) <= scheme.shape.numel() / 1000)


def use_fast_transform(network: nn.Module, names: Iterable[str] | None = None) -> list[str]:
    """Compute DCT plus sparse layers with a fast transform; outputs agree to about 1e-5.

    Parameters
    ----------
    names
        Names of the layers. Default: those for which it was measured to be faster than the dense weight.

    Returns
    -------
    list[str]
        Names of the layers that use the fast transform.

    Raises
    ------
    ConfigError
        If a named layer has no DCT plus sparse weight, or is a convolution with groups or other than zero padding.
    """
    layers = prunable(network)
    able = {name: layer for name, layer in layers.items() if _can_be_fast(layer)}
    chosen = [name for name, layer in able.items() if _is_faster(layer)] if names is None else list(names)
    for name in chosen:
        if name not in able:
            raise ConfigError("layer", name, f"a DCT-plus-sparse layer without groups: {', '.join(able) or 'none'}")
    for name in chosen:
        kind = type(able[name])
        if not issubclass(kind, _FastForward):
            able[name].__class__ = type(f"Fast{kind.__name__}", (_FastForward, kind), {})
    return chosen
