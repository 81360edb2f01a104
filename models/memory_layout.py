"""The memory layout that a network computes in: channels last where that is safe and faster, else contiguous."""

import torch
from torch import Tensor, nn

# On AVX2, oneDNN's gradient with respect to the input of a strided 1x1 convolution in channels-last layout writes a
# vector of eight channels wherever the stride passed over an input, past the end of the buffer if there are fewer.
_VECTOR = 8


def _overruns(convolution: nn.Conv2d) -> bool:
    """Whether the convolution is of the kind whose gradient is written past its buffer on some CPUs."""
    strided_1x1 = convolution.kernel_size == (1, 1) and max(convolution.stride) > 1
    return strided_1x1 and convolution.groups == 1 and convolution.in_channels < _VECTOR


def memory_layout(network: nn.Module) -> torch.memory_format:
    """Return the layout in which `network` is to compute on the device that its weights are on.

    It follows from the layers alone. A network without convolutions is contiguous, as channels last would only reorder
    its inputs. So is, on a CPU, one with a strided 1x1 convolution of fewer than 8 input channels (oneDNN 3.10.2, on
    processors with AVX2 but not AVX-512; which of them it is, is not asked, so that results are alike on all). Every
    other network is faster with channels last: docs/choices.md has the measurements.
    """
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    if not convolutions or (on_cpu and any(map(_overruns, convolutions))):
        return torch.contiguous_format
    return torch.channels_last


def lay_out(network: nn.Module) -> torch.memory_format:
    """Bring the weights of `network` into its layout, and return it: what `arranged` gives inputs."""
    layout = memory_layout(network)
    network.to(memory_format=layout)  # type: ignore[call-overload]
    return layout


def arranged(inputs: Tensor, layout: torch.memory_format) -> Tensor:
    """Return `inputs` in this layout if they are images (batch, channel, row, column), else as they are."""
    return inputs.contiguous(memory_format=layout) if inputs.ndim == 4 else inputs
