"""Inception-v3 beside torchvision's, of which every other size is a multiple."""

import pytest
import torch
import torchvision
from torch import nn

from common.errors import ConfigError
from models.prunable import prunable
from models.vision.inception import Inception3, InceptionSettings


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def made(**settings: int | bool | float) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return shapes(Inception3(InceptionSettings(classes=1000, **settings)))  # type: ignore[arg-type]


def published(auxiliary: bool = True) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return shapes(torchvision.models.inception_v3(aux_logits=auxiliary, init_weights=False))


@pytest.mark.parametrize(("auxiliary", "count"), [(True, 27_161_264), (False, 23_834_568)])
def test_at_width_32_it_has_torchvisions_weights(auxiliary: bool, count: int) -> None:
    assert list(made(auxiliary=auxiliary).items()) == list(published(auxiliary).items())
    with torch.device("meta"):
        network = Inception3(InceptionSettings(classes=1000, auxiliary=auxiliary))
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_it_computes_what_torchvisions_does() -> None:
    theirs = torchvision.models.inception_v3(aux_logits=False, init_weights=False).eval()
    with torch.device("meta"):
        ours = Inception3(InceptionSettings(classes=1000)).eval()
    ours.load_state_dict(theirs.state_dict(), assign=True)
    image = torch.randn(1, 3, 75, 75)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image))


@pytest.mark.parametrize("width", [2, 8, 16, 64])
def test_every_channel_is_scaled(width: int) -> None:
    def scaled(shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(n if n in (3, 1000) else n * width // 32 for n in shape[:2]) + shape[2:]

    assert made(width=width, auxiliary=True) == {name: scaled(shape) for name, shape in published().items()}


@pytest.mark.parametrize("layer", [72, 144, 576, 1152])
def test_one_layer_alone(layer: int) -> None:
    """The convolutions of Mixed_5d are wider, and those that are fed with its channels have as many more inputs."""
    changed = made(layer=layer)
    for name, shape in published(auxiliary=False).items():
        if name.startswith("Mixed_5d"):
            fixed = (0,) if len(shape) != 4 else (0, 1)
            expected = tuple(n if n == 288 or i not in fixed else n * layer // 288 for i, n in enumerate(shape))
        elif name.startswith("Mixed_6a") and shape[1:2] == (288,):
            expected = (shape[0], layer, *shape[2:])
        elif name.startswith("Mixed_6b") and shape[1:2] == (768,):
            expected = (shape[0], 768 - 288 + layer, *shape[2:])
        else:
            expected = shape
        assert changed[name] == expected, name


def test_the_second_classifier_speaks_in_training() -> None:
    network = Inception3(InceptionSettings(width=2, layer=54, classes=5, auxiliary=True))
    images = torch.randn(2, 3, 299, 299)
    logits, auxiliary = network(images)
    assert logits.shape == auxiliary.shape == (2, 5)
    (logits.square().sum() + auxiliary.square().sum()).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    with torch.no_grad():
        assert network.eval()(images).shape == (2, 5)


def test_momentum_and_dropout() -> None:
    with torch.device("meta"):
        network = Inception3(InceptionSettings(width=2, batch_norm_momentum=0.0003, dropout=0.2))
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {(norm.momentum, norm.eps) for norm in norms} == {(0.0003, 0.001)}
    assert network.dropout.p == 0.2


def test_weights_start_as_torch_draws_them() -> None:
    for layer in prunable(Inception3(InceptionSettings(width=2, auxiliary=True))).values():
        bound = layer.weight[0].numel() ** -0.5
        assert 0.5 * bound < layer.weight.abs().max().item() <= bound


@pytest.mark.parametrize(
    ("field", "value"),
    [("width", 0), ("width", 9), ("layer", 0), ("layer", 100), ("dropout", 1), ("batch_norm_momentum", 0)],
)
def test_sizes_that_do_not_divide(field: str, value: int) -> None:
    with pytest.raises(ConfigError) as caught:
        InceptionSettings(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
