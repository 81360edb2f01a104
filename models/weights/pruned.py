"""Pruning at initialisation: the weights with the highest scores are kept."""

from dataclasses import dataclass

from torch import nn

from common.errors import check_choice
from models.prunable import Masks
from models.pruning.prune import Forbidden, Method, prune
from models.pruning.scores import Loss, ScoreSettings
from models.weights.scheme import KeepsWeights, Laying, stored_masks
from models.weights.sparse import lay_kept


@dataclass(frozen=True, kw_only=True)
class PrunedAtStart(KeepsWeights, kind="pruned"):
    """Keep the weights with the highest scores before training, see `models.pruning.prune.prune`.

    Parameters
    ----------
    method
        The score.
    iterations
        Number of rounds of scoring and removal (default: that of the method).
    examples
        Number of training examples per round.
    scoring_loss
        Loss of the scores, see `models.pruning.scores.ScoreSettings`.
    """

    method: Method
    iterations: int | None = None
    examples: int = 1000
    scoring_loss: Loss = "cross_entropy"

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        check_choice("method", self.method, Method)
        check_choice("scoring_loss", self.scoring_loss, Loss)

    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Keep the weights with the highest scores, or those that a stored state keeps.

        Raises
        ------
        DataError, PruningError
            As `models.pruning.prune.prune`.
        """
        lay_kept(network, stored_masks(network, laying.stored) if laying.stored else self.masks(network, laying))

    def masks(self, network: nn.Module, laying: Laying, *, forbid: Forbidden = "no_path") -> Masks:
        """Return the masks of a network without schemes; errors are those of `lay`."""
        return prune(
            network,
            self.method,
            self.by_layer(network, laying.settings),
            laying.batches,
            iterations=self.iterations,
            settings=ScoreSettings(loss=self.scoring_loss, seed=laying.seed),
            forbid=forbid,
        )

    @property
    def label(self) -> str:
        """Names of the scheme and of the score."""
        return f"{super().label}-{self.method}"
