"""The Lightning module: from stored clips to loss, one batch at a time on the training device."""

from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asc.augment import mix, roll
from asc.clips import ClipSource, Loaded
from asc.data import Batch
from asc.description import RunDescription
from asc.schedule import learning_rate
from asc.sparsity import lay_sparsity, prune_before
from common.errors import RunError
from data_prep.features import PerceptualMel
from models.initialisation import initialise
from models.memory_layout import lay_out
from models.resnet import AudioResNet
from models.sync_batch_norm import synchronise_batch_norm
from models.weights.damping import damp


def build_network(description: RunDescription) -> AudioResNet:
    """Return the network that `description` starts from: initialised by its seed, then made sparse, then damped."""
    network = AudioResNet(description.network)
    initialise(network, description.weights.init, description.seed)
    lay_sparsity(network, description)
    if description.weights.damping is not None:
        damp(network, description.weights.damping)
    return network


class SceneClassifier(lightning.LightningModule):
    """Normalises, augments, classifies and learns as Koutini 2021, App. A.

    Parameters
    ----------
    description
        The run.
    source
        Where its clips come from.
    statistics
        Mean and deviation of each mel band over the training clips, shape (mel,).

    Attributes
    ----------
    history
        One row a finished epoch; part of the checkpoint, so that a continued run has the epochs before.
    """

    band_mean: Tensor
    band_deviation: Tensor

    def __init__(
        self,
        description: RunDescription,
        source: ClipSource,
        statistics: tuple[NDArray[np.float32], NDArray[np.float32]],
    ) -> None:
        super().__init__()
        self.description, self.source = description, source
        self.network = build_network(description)
        lay_out(self.network)
        if description.training.world_size > 1:
            synchronise_batch_norm(self.network)
        self.register_buffer("band_mean", torch.from_numpy(statistics[0])[:, None])
        # A band that never changes in training carries nothing; it is centred and left at its scale.
        deviation = np.where(statistics[1] > 1e-6, statistics[1], 1).astype(np.float32)
        self.register_buffer("band_deviation", torch.from_numpy(deviation)[:, None])
        self.front_end = PerceptualMel(description.features) if description.training.roll == "waveform" else None
        self.history: list[dict[str, float]] = []
        self.losses: list[Tensor] = []

    def spectrograms(self, loaded: Loaded, shift: Tensor | None = None) -> Tensor:
        """Return normalised spectrograms (batch, 1, mel, frame) in float32, each clip rolled by its shift."""
        with torch.autocast(self.device.type, enabled=False):
            clips = self.source.place(loaded, self.device)
            if shift is not None and self.description.training.roll != "none":
                clips = roll(clips, shift)
            if self.front_end is not None:
                clips = self.front_end(clips)
            return ((clips.float() - self.band_mean) / self.band_deviation).unsqueeze(1)

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Map normalised spectrograms (batch, 1, mel, frame) to logits (batch, class)."""
        return self.network(spectrograms)  # type: ignore[no-any-return]

    def training_step(self, batch: Batch, _index: int) -> Tensor:
        """Return the mixup loss mean(w CE(first) + (1 - w) CE(second))."""
        mixed = mix(self.spectrograms(batch.clips, batch.shift), batch.first, batch.second, batch.weight)
        logits = self(mixed)
        first, second = (
            nn.functional.cross_entropy(logits, label, reduction="none")
            for label in (batch.first_label, batch.second_label)
        )
        loss = torch.lerp(second, first, batch.weight).mean()
        self.losses.append(loss.detach())
        return loss

    def on_train_epoch_start(self) -> None:
        """Set the epoch's learning rate, and remove the weights whose turn it is."""
        epoch = self.trainer.current_epoch
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = learning_rate(epoch, self.description.training)
        prune_before(epoch, self.network, self.description)

    def epoch_loss(self) -> float:
        """Return the mean loss of the epoch's steps over all processes, and forget them.

        Raises
        ------
        RunError
            If it is not finite: training has diverged.
        """
        loss = float(self.trainer.strategy.reduce(torch.stack(self.losses).mean(), reduce_op="mean"))
        self.losses.clear()
        if not np.isfinite(loss):
            raise RunError(
                f"the training loss of epoch {self.trainer.current_epoch} is {loss}: training has diverged; the last "
                "checkpoint is of an epoch before; try a lower --learning-rate or --precision 32-true"
            )
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam (0.9, 0.999) without weight decay, as one fused operation."""
        return torch.optim.Adam(self.parameters(), lr=self.description.training.learning_rate, fused=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the epochs so far."""
        checkpoint["history"] = self.history

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the epochs so far."""
        self.history = list(checkpoint["history"])
