"""AlexNet against its published definition, step by step."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from common.errors import ConfigError
from models.vision.alexnet import AlexNet, AlexNetSettings


def normalised(x: Tensor) -> Tensor:
    """TensorFlow's local response normalisation: radius 2, bias 1, alpha 2e-5, beta 0.75."""
    squares = torch.stack([(x[:, max(0, i - 2) : i + 3] ** 2).sum(dim=1) for i in range(x.shape[1])], dim=1)
    return x / (1 + 2e-5 * squares) ** 0.75


def pooled(x: Tensor) -> Tensor:
    """TensorFlow's max pool with `SAME` padding: where it is odd, the one more is to the right and below."""
    return functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), value=-torch.inf), 3, stride=2)


def test_it_is_its_formula() -> None:
    network = AlexNet(AlexNetSettings(width=6, classes=3)).double()
    # So large that the normalisation is far from doing nothing.
    images = 300 * torch.randn(2, 3, 32, 32, dtype=torch.float64)
    x = images
    for layer in (network.conv1, network.conv2):
        before = pooled(functional.conv2d(x, layer.weight, layer.bias, padding=2).clamp(min=0))
        x = normalised(before)
        assert (x.abs().sum() / before.abs().sum()).item() < 0.99
    x = x.flatten(1)
    for layer in (network.fc3, network.fc4):
        x = (x @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(network(images), x @ network.fc5.weight.T + network.fc5.bias)


def test_hidden_widths_grow_together() -> None:
    with torch.device("meta"):
        network = AlexNet(AlexNetSettings(width=24))
    hidden = [network.conv1, network.conv2, network.fc3, network.fc4]
    assert [len(layer.weight) for layer in hidden] == [24, 64, 96, 48]


def test_biases_start_as_published() -> None:
    network = AlexNet(AlexNetSettings(width=3))
    starts = {name: set(bias.tolist()) for name, bias in network.named_parameters() if name.endswith("bias")}
    tenth = {torch.tensor(0.1).item()}
    expected = {"conv1": {0.0}, "conv2": tenth, "fc3": tenth, "fc4": tenth, "fc5": {0.0}}
    assert starts == {f"{layer}.bias": start for layer, start in expected.items()}


def test_dropout_is_of_the_linear_hidden_layers_and_only_in_training() -> None:
    network, images = AlexNet(AlexNetSettings(width=24, dropout=0.5)), torch.randn(8, 3, 32, 32)
    seen: dict[str, Tensor] = {}
    for name in ("relu3", "dropout3", "relu4", "dropout4"):
        network.get_submodule(name).register_forward_hook(lambda _m, _i, output, name=name: seen.update({name: output}))
    network.train()(images)
    for before, after in ((seen["relu3"], seen["dropout3"]), (seen["relu4"], seen["dropout4"])):
        alive = before > 0
        assert set((after[alive] / before[alive]).round(decimals=4).tolist()) == {0.0, 2.0}
        assert 0.3 < (after[alive] > 0).float().mean() < 0.7
    assert torch.equal(network.eval()(images), network(images))
    plain = AlexNet(AlexNetSettings(width=3)).train()
    assert torch.equal(plain(images), plain(images))


@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_dropout_is_a_share(dropout: float) -> None:
    with pytest.raises(ConfigError, match="dropout"):
        AlexNetSettings(dropout=dropout)
