"""Many small perceptrons trained as one: each of the two layers, over all of them, is one sparse matrix."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.vision.mlp import Mlp
from models.weights.laying import innermost
from models.weights.sparse import SparseWeight

# Examples are padded to whole cache lines of floats: the gradient of the weights takes a fifth of the time then.
_LINE = 16


class PerceptronStack:
    """Perceptrons of any widths, trained together by stochastic gradient descent, each as if it were alone.

    Only the weights that a network has take part: a wide sparse one costs little more than a narrow dense one.

    Parameters
    ----------
    networks
        The members, on one device; nothing but `width` may differ between their settings. A layer is dense or has
        static sparse weights. Their present weights are copied: `write_back` returns them, and a stack of networks that
        were written back goes on exactly where this one was.

    Raises
    ------
    ConfigError
        If there is no network, their settings differ, or a layer has another scheme of weights.
    """

    def __init__(self, networks: Sequence[Mlp]) -> None:
        kinds = {replace(network.settings, width=1) for network in networks}
        if len(kinds) != 1:
            raise ConfigError("networks", f"{len(kinds)} kinds", "one or more that differ in nothing but their width")
        self.settings = kinds.pop()
        hidden = [(network.hidden, network.prefactor(network.hidden)) for network in networks]
        classifiers = [(network.classifier, network.prefactor(network.classifier)) for network in networks]
        self._hidden, self._classifier = _Layer(hidden, shared=True), _Layer(classifiers, shared=False)

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """Map inputs (example, input), or images of as many numbers, to logits (member, example, class).

        The hidden units of all members and examples are held at once.
        """
        return self._forward(_columns(inputs))[1][..., : len(inputs)].transpose(1, 2)

    @torch.no_grad()
    def step(self, inputs: Tensor, labels: Tensor, learning_rates: Tensor) -> Tensor:
        """Move every member one step down the gradient of its mean cross-entropy.

        Parameters
        ----------
        inputs
            The batch (example, input), or images of as many numbers: the same for all members.
        labels
            Classes (example,).
        learning_rates
            One per member (member,).

        Returns
        -------
        Tensor
            The mean cross-entropy of each member before the step (member,).
        """
        x, examples = _columns(inputs), torch.arange(len(inputs), device=inputs.device)
        units, logits = self._forward(x)
        logarithms = logits.log_softmax(1)
        losses = -logarithms[:, labels, examples].mean(1)
        # The error of the logits; all that follows is linear in it, so that it can carry the learning rates.
        error = logarithms.exp_()
        error[:, labels, examples] -= 1
        error *= learning_rates[:, None, None] / len(inputs)
        error[..., len(inputs) :] = 0
        error = error.flatten(0, 1)
        error_of_units = self._classifier.back(error)
        self._classifier.descend(error, units)
        if self.settings.activation == "relu":
            error_of_units *= units.sign_()
        self._hidden.descend(error_of_units, x)
        return losses

    def write_back(self) -> None:
        """Copy the present weights and biases into the networks that the stack was made of."""
        self._hidden.write_back()
        self._classifier.write_back()

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (input, example) to the hidden units (unit, example) and the logits (member, class, example)."""
        units = self._hidden(x)
        if self.settings.activation == "relu":
            units.relu_()
        return units, self._classifier(units).view(-1, self.settings.classes, x.shape[1])


class _Layer:
    """The same layer of all members, each with its prefactor, as one sparse matrix.

    Its rows are the outputs of one member after the other; its columns their inputs, which are the same for all where
    `shared`.
    """

    def __init__(self, layers: Sequence[tuple[nn.Linear, float]], *, shared: bool) -> None:
        self._weights: list[Tensor] = []
        rows, columns, outputs, inputs = [], [], 0, 0
        for layer, _ in layers:
            weight, positions = _kept(layer)
            first = 0 if shared else inputs
            self._weights.append(weight)
            rows.append(positions // layer.in_features + outputs)
            columns.append(positions % layer.in_features + first)
            outputs, inputs = outputs + layer.out_features, first + layer.in_features
        row, column = torch.cat(rows), torch.cat(columns)
        values = torch.cat([weight.detach().flatten() for weight in self._weights])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse")  # that they are new, and not checked by default
            self._weight = torch.sparse_csr_tensor(_starts(row, outputs), column.int(), values, (outputs, inputs))
        self._order = column.argsort(stable=True)
        self._transposed = row[self._order].int(), _starts(column, inputs)
        self._biases: list[Tensor] = [layer.bias for layer, _ in layers if layer.bias is not None]
        self._bias = torch.cat(self._biases).detach()[:, None] if self._biases else None
        self._scale = torch.cat([values.new_full((layer.out_features, 1), prefactor) for layer, prefactor in layers])

    def __call__(self, x: Tensor) -> Tensor:
        """Map x (input, example) to the outputs (output, example)."""
        outputs = _product(self._weight.values(), self._weight.col_indices(), self._weight.crow_indices(), x)
        if self._bias is not None:
            outputs += self._bias
        return outputs.mul_(self._scale)

    def back(self, error: Tensor) -> Tensor:
        """Map the error of the outputs (output, example) to that of the inputs (input, example)."""
        return _product(self._weight.values().index_select(0, self._order), *self._transposed, error * self._scale)

    def descend(self, error: Tensor, x: Tensor) -> None:
        """Subtract from weights and biases their gradients, for x (input, example) and the error of the outputs."""
        error = error * self._scale
        torch.sparse.sampled_addmm(self._weight, error, x.t(), alpha=-1, out=self._weight)
        if self._bias is not None:
            self._bias -= error.sum(1, keepdim=True)

    def write_back(self) -> None:
        """Copy weights and biases into the members' layers."""
        _share_out(self._weight.values(), self._weights)
        if self._bias is not None:
            _share_out(self._bias, self._biases)


def _kept(layer: nn.Linear) -> tuple[nn.Parameter, Tensor]:
    """Return the trained weights of a layer and their positions in its flattened weight, which ascend."""
    scheme = innermost(layer)
    if scheme is None:
        return layer.get_parameter("weight"), torch.arange(layer.weight.numel(), device=layer.weight.device)
    if isinstance(scheme, SparseWeight):
        return layer.get_parameter("parametrizations.weight.original"), scheme.positions
    raise ConfigError("networks", type(scheme).__name__, "layers with dense or static sparse weights")


@torch.no_grad()
def _share_out(values: Tensor, parameters: Sequence[Tensor]) -> None:
    """Copy one after the other of `parameters` from `values`."""
    parts = torch.split(values.flatten(), [parameter.numel() for parameter in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.copy_(part.view_as(parameter))


def _columns(inputs: Tensor) -> Tensor:
    """Return inputs (example, ...) as columns (input, example), and zeros after them up to a multiple of `_LINE`."""
    return nn.functional.pad(inputs.flatten(1).t(), (0, -len(inputs) % _LINE)).contiguous()


def _product(values: Tensor, columns: Tensor, starts: Tensor, x: Tensor) -> Tensor:
    """Return the product of a sparse matrix, given by compressed rows, and x; on the CPU torch's `@` is slower."""
    return nn.functional.embedding_bag(
        columns, x, starts, mode="sum", per_sample_weights=values, include_last_offset=True
    )


def _starts(rows: Tensor, count: int) -> Tensor:
    """Return where each of `count` rows begins once `rows` are sorted, and where the last one ends."""
    return nn.functional.pad(torch.bincount(rows, minlength=count).cumsum(0), (1, 0)).int()
