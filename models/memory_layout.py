"""Memory layout of a network: channels last where it is safe and faster, else contiguous."""

import torch
from torch import Tensor, nn

# On AVX2, oneDNN's input gradient of a strided 1x1 convolution in channels-last layout writes a vector of 8 channels at
# each input position that the stride skips. With fewer channels it writes past the end of the buffer.
_VECTOR = 8


def _overruns(convolution: nn.Conv2d) -> bool:
    """Return whether oneDNN may write this convolution's input gradient past its buffer."""
    strided_1x1 = convolution.kernel_size == (1, 1) and max(convolution.stride) > 1
    return strided_1x1 and convolution.groups == 1 and convolution.in_channels < _VECTOR


def memory_layout(network: nn.Module) -> torch.memory_format:
    """Return the memory layout in which `network` computes on its present device.

    The layout depends only on the layers. A network without convolutions is contiguous, as channels last would only
    reorder its inputs. On a CPU, so is a network with a strided 1x1 convolution of fewer than 8 input channels: oneDNN
    3.10.2 has an error there on processors with AVX2 but without AVX-512, and the layout is the same on all processors
    so that results are. All other networks are faster with channels last, see the measurements in docs/choices.md.
    """
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    if not convolutions or (on_cpu and any(map(_overruns, convolutions))):
        return torch.contiguous_format
    return torch.channels_last


def lay_out(network: nn.Module) -> torch.memory_format:
    """Convert the weights of `network` to its memory layout, and return that layout, which `arranged` takes."""
    layout = memory_layout(network)
    network.to(memory_format=layout)  # type: ignore[call-overload]
    return layout


def arranged(inputs: Tensor, layout: torch.memory_format) -> Tensor:
    """Return `inputs` in this layout if they have shape (batch, channel, row, column), else unchanged."""
    return inputs.contiguous(memory_format=layout) if inputs.ndim == 4 else inputs
