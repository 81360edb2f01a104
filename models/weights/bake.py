"""From parametrised layers back to plain dense ones."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from models.weights.damping import FrequencyDamping
from models.weights.hyperplane import Hyperplane


def bake(network: nn.Module) -> None:
    """Turn `network`, in place, into the plain network that computes the same, for evaluation and export.

    Every layer holds its dense weight, damping included, as an ordinary trainable parameter; the state dict is that of
    the architecture before anything was laid over it. Layers stay the same objects. Optimisers must be made anew.
    """
    _settle(network, lambda scheme: scheme())


def strip(network: nn.Module) -> None:
    """Take every scheme off `network`, in place: as `bake`, but the weights are those before damping.

    Sparse, masked, low-rank and other weights become dense ones of the same values, no longer held to their scheme;
    damping, which only scales what the parameters say, is undone. What was laid can be laid again.
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
    # torch's remove_parametrizations deletes the property from the class, which every deep copy of the module shares;
    # here only the module changes.
    lineage = type(module).__mro__
    injected = [
        i for i, cls in enumerate(lineage) if any(isinstance(vars(cls).get(name), property) for name in tensors)
    ]
    module.__class__ = lineage[injected[-1] + 1]
    del module.parametrizations
    others = dict(module.named_parameters(recurse=False))
    for name in others:
        delattr(module, name)
    for name, tensor in {**tensors, **others}.items():  # the weight comes first again
        module.register_parameter(name, tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor))
