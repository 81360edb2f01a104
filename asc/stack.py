"""Stack of many small perceptrons trained together: each of their two layers is one sparse matrix."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.vision.mlp import Mlp
from models.weights.laying import innermost
from models.weights.sparse import SparseWeight

# Batches are padded to whole cache lines of floats, which makes the weight gradient five times as fast.
_LINE = 16


class PerceptronStack:
    """Perceptrons of any widths trained together by stochastic gradient descent, each as if trained alone.

    Only kept weights are computed with: a wide sparse network costs little more than a narrow dense one.

    Parameters
    ----------
    networks
        The members, on one device; their settings may differ only in `width`. Layers are dense or have static sparse
        weights. The stack copies their weights; `write_back` copies them back to the networks. A new stack of these
        networks continues training exactly.

    Raises
    ------
    ConfigError
        If there is no network, their settings differ, or a layer has another scheme of weights.
    """

    def __init__(self, networks: Sequence[Mlp]) -> None:
        kinds = {replace(network.settings, width=1) for network in networks}
        if len(kinds) != 1:
            raise ConfigError("networks", f"{len(kinds)} kinds", "one or more that differ only in width")
        self.settings = kinds.pop()
        hidden = [(network.hidden, network.prefactor(network.hidden)) for network in networks]
        classifiers = [(network.classifier, network.prefactor(network.classifier)) for network in networks]
        self._hidden, self._classifier = _Layer(hidden, shared=True), _Layer(classifiers, shared=False)

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """Map inputs (example, input), or images with as many values, to logits (member, example, class).

        The hidden units of all members and examples are in memory at the same time.
        """
        return self._forward(_columns(inputs))[1][..., : len(inputs)].transpose(1, 2)

    @torch.no_grad()
    def step(self, inputs: Tensor, labels: Tensor, learning_rates: Tensor) -> Tensor:
        """Do a gradient descent step of the mean cross-entropy for each member.

        Parameters
        ----------
        inputs
            The batch (example, input), or images with as many values; the same for all members.
        labels
            Class indices (example,).
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
        # The gradient of the logits. Later steps are linear in it, so it is multiplied by the learning rates here.
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
        """Copy the present weights and biases to the networks of the stack."""
        self._hidden.write_back()
        self._classifier.write_back()

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (input, example) to the hidden units (unit, example) and the logits (member, class, example)."""
        units = self._hidden(x)
        if self.settings.activation == "relu":
            units.relu_()
        return units, self._classifier(units).view(-1, self.settings.classes, x.shape[1])


class _Layer:
    """One layer of all members, each with its prefactor, as one sparse matrix.

    Rows are the outputs of all members, in order. Columns are their inputs, which all members have in common if
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
            warnings.filterwarnings("ignore", message="Sparse")  # a warning that sparse CSR tensors are in beta state
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
        """Map the gradient of the outputs (output, example) to that of the inputs (input, example)."""
        return _product(self._weight.values().index_select(0, self._order), *self._transposed, error * self._scale)

    def descend(self, error: Tensor, x: Tensor) -> None:
        """Subtract the gradients of weights and biases, given x (input, example) and the gradient of the outputs."""
        error = error * self._scale
        torch.sparse.sampled_addmm(self._weight, error, x.t(), alpha=-1, out=self._weight)
        if self._bias is not None:
            self._bias -= error.sum(1, keepdim=True)

    def write_back(self) -> None:
        """Copy weights and biases to the members' layers."""
        _share_out(self._weight.values(), self._weights)
        if self._bias is not None:
            _share_out(self._bias, self._biases)


def _kept(layer: nn.Linear) -> tuple[nn.Parameter, Tensor]:
    """Return the trained weights of a layer and their ascending positions in the flattened weight."""
    scheme = innermost(layer)
    if scheme is None:
        return layer.get_parameter("weight"), torch.arange(layer.weight.numel(), device=layer.weight.device)
    if isinstance(scheme, SparseWeight):
        return layer.get_parameter("parametrizations.weight.original"), scheme.positions
    raise ConfigError("networks", type(scheme).__name__, "layers with dense or static sparse weights")


@torch.no_grad()
def _share_out(values: Tensor, parameters: Sequence[Tensor]) -> None:
    """Copy consecutive parts of `values` to `parameters`."""
    parts = torch.split(values.flatten(), [parameter.numel() for parameter in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.copy_(part.view_as(parameter))


def _columns(inputs: Tensor) -> Tensor:
    """Return inputs (example, ...) as columns (input, example), zero-padded to a multiple of `_LINE` examples."""
    return nn.functional.pad(inputs.flatten(1).t(), (0, -len(inputs) % _LINE)).contiguous()


def _product(values: Tensor, columns: Tensor, starts: Tensor, x: Tensor) -> Tensor:
    """Return the product of a sparse CSR matrix and x; torch's `@` is slower on the CPU."""
    return nn.functional.embedding_bag(
        columns, x, starts, mode="sum", per_sample_weights=values, include_last_offset=True
    )


def _starts(rows: Tensor, count: int) -> Tensor:
    """Return the row pointers of a CSR matrix with `count` rows from the row indices of its values."""
    return nn.functional.pad(torch.bincount(rows, minlength=count).cumsum(0), (1, 0)).int()
