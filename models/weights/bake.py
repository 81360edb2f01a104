"""Conversion of parametrised layers to plain dense layers."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from models.weights.damping import FrequencyDamping
from models.weights.hyperplane import Hyperplane


def bake(network: nn.Module) -> None:
    """Replace all schemes of `network` by plain dense weights, in place, for evaluation and export.

    The network computes the same outputs. Each weight, damping included, is an ordinary trainable parameter, and the
    state dict has the names of the plain architecture. Layers stay the same objects. Create optimizers anew.

    Examples
    --------
    >>> from models.weights.damping import damp
    >>> network = nn.Sequential(nn.Conv2d(1, 8, 3))
    >>> damp(network, edge=0.1)
    >>> bake(network)
    >>> list(network.state_dict())
    ['0.weight', '0.bias']
    """
    _settle(network, lambda scheme: scheme())


def strip(network: nn.Module) -> None:
    """Remove all schemes from `network` in place, as `bake` does, but return to the weights before damping.

    Sparse, masked, low-rank and other weights become dense weights of the same values. Damping is undone, so that the
    same schemes can be laid again.
    """
    _settle(network, _undamped)


def _undamped(scheme: parametrize.ParametrizationList) -> Tensor:
    tensors = [parameter for name, parameter in scheme.named_parameters(recurse=False) if name.startswith("original")]
    for step in scheme:
        if not isinstance(step, FrequencyDamping):
            tensors = [step(*tensors)]
    return tensors[0]


@torch.no_grad()
def _settle(network: nn.Module, value: Callable[[parametrize.ParametrizationList], Tensor]) -> None:
    planes = [module for module in network.modules() if isinstance(module, Hyperplane)]
    for module in list(network.modules()):
        if parametrize.is_parametrized(module):
            schemes: dict[str, parametrize.ParametrizationList] = dict(module.parametrizations.items())  # type: ignore
            tensors = {name: value(scheme).detach().clone() for name, scheme in schemes.items()}
            _make_plain(module, tensors)
    for plane in planes:
        plane.detach()


def _make_plain(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    # torch's remove_parametrizations deletes the property from the class, which deep copies of the module share. Here
    # only the module changes.
    lineage = type(module).__mro__
    injected = [
        i for i, cls in enumerate(lineage) if any(isinstance(vars(cls).get(name), property) for name in tensors)
    ]
    module.__class__ = lineage[injected[-1] + 1]
    del module.parametrizations
    others = dict(module.named_parameters(recurse=False))
    for name in others:
        delattr(module, name)
    for name, tensor in {**tensors, **others}.items():  # the weight is the first parameter again
        module.register_parameter(name, tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor))
