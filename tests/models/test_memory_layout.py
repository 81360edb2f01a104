"""The layout of networks by their layers and device, and that what trains them keeps to it; nothing here is trained."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from asc.fabric import make_fabric
from asc.learners import NetworkLearner
from asc.run import ImageData, Run
from asc.training_settings import TrainingSettings
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.memory_layout import arranged, lay_out, memory_layout
from models.pruning import gradient_scores
from models.pruning.scores import ScoreSettings
from models.registry import network_settings
from models.weights.dct import lay_dct_plus_sparse
from models.weights.masked import lay_masks
from tests.networks import built

LAST, FIRST = torch.channels_last, torch.contiguous_format


def shortcut(inputs: int, outputs: int = 16, kernel: int = 1, stride: int = 2, groups: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, inputs, 3), nn.Conv2d(inputs, outputs, kernel, stride=stride, groups=groups))


@pytest.mark.parametrize(
    ("network", "layout"),
    [
        *((lambda w=w: AudioResNet(AudioResNetSettings(width=w)), LAST) for w in (2, 8, 32)),
        *((lambda w=w: built("resnet18", width=w), FIRST if w < 8 else LAST) for w in (1, 4, 7, 8, 64)),
        *((lambda w=w: built("resnet56", width=w), FIRST if w < 8 else LAST) for w in (2, 4, 8, 16)),
        (lambda: built("resnet50", width=1), FIRST),  # 4 channels enter the second stage's shortcut
        (lambda: built("resnet50", width=2), LAST),
        (lambda: built("lenet5"), LAST),
        (lambda: built("mobilenetv2", width=4), LAST),
        (lambda: built("mlp", width=8, inputs=12), FIRST),
        (lambda: shortcut(7), FIRST),
        (lambda: shortcut(7, outputs=4), FIRST),
        (lambda: shortcut(8, outputs=4), LAST),
        (lambda: shortcut(4, stride=1), LAST),
        (lambda: shortcut(4, kernel=3), LAST),
        (lambda: shortcut(4, groups=4), LAST),
        (lambda: nn.Sequential(nn.Conv2d(4, 8, 1, stride=(1, 2))), FIRST),
    ],
)
def test_narrow_strided_shortcuts_are_contiguous_on_a_cpu(network: Callable[[], nn.Module], layout: object) -> None:
    assert memory_layout(network()) == layout


def test_elsewhere_every_convolution_is_channels_last() -> None:
    with torch.device("meta"):
        assert memory_layout(built("resnet56", width=4)) == LAST
        assert memory_layout(built("mlp", width=4, inputs=12)) == FIRST


@pytest.mark.parametrize("scheme", [lay_masks, lambda network: lay_dct_plus_sparse(network, {})])
def test_schemes_of_weights_hide_no_layer(scheme: Callable[[nn.Module], object]) -> None:
    network = built("resnet18", width=4)
    scheme(network)
    assert lay_out(network) == FIRST


def layouts_seen(network: nn.Module) -> set[object]:
    """Return the layouts that convolutions are given from now on, in a set that fills."""
    seen: set[object] = set()

    def see(layer: nn.Module, inputs: tuple[Tensor]) -> None:
        for tensor in (inputs[0], layer.weight):
            if min(tensor.shape[1:]) > 1:  # else both layouts are one
                seen.add(LAST if tensor.is_contiguous(memory_format=LAST) else FIRST)

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(see)
    return seen


@pytest.mark.parametrize(("width", "layout"), [(4, FIRST), (8, LAST)])
@pytest.mark.parametrize("given", [LAST, FIRST])
def test_a_learner_computes_in_that_layout(width: int, layout: object, given: torch.memory_format) -> None:
    network = built("resnet18", width=width, classes=3).to(memory_format=LAST)  # type: ignore[call-overload]
    seen = layouts_seen(network)
    data, settings = ImageData(name="cifar10", identity="none"), network_settings("resnet18", width=width, classes=3)
    run = Run(data=data, network=settings, training=TrainingSettings(augmentations=()))
    NetworkLearner(run, network, make_fabric("cpu")).logits(arranged(torch.randn(2, 3, 32, 32), given))
    assert seen == {layout}


def test_scores_are_computed_in_that_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    network, seen = built("resnet18", width=4, classes=3).to(memory_format=LAST), []  # type: ignore[call-overload]

    def arrange(inputs: Tensor, layout: torch.memory_format) -> Tensor:
        seen.append(layout)
        return arranged(inputs, layout)

    monkeypatch.setattr(gradient_scores, "arranged", arrange)
    batch = (torch.randn(2, 3, 32, 32), torch.tensor([0, 2]))
    gradient_scores.snip(network, {}, [batch], ScoreSettings())
    assert seen == [FIRST]
