"""What happens to each batch, drawn beforehand from (seed, epoch, step) alone.

Whoever asks, in whatever order, in however many loader workers or processes, gets the same order of clips, the same
shifts and the same mixtures; so a run continued is the run uninterrupted, and two processes do together what one does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asc.description import TrainingSettings

_ORDER, _BATCH, _LABELS = 0, 1, 2


def _generator(*key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(key))


@dataclass(frozen=True)
class BatchPlan:
    """One process's share of a batch.

    Attributes
    ----------
    clips
        Which training clips to fetch, as places in the list of training clips; shape (n,).
    shift
        By how many frames or samples each fetched clip is rolled; shape (n,).
    first, second
        The clips that are mixed, as places in `clips`; shape (m,).
    weight
        Weight of the first clip of each mixture, 0.5 to 1; shape (m,).
    """

    clips: NDArray[np.int64]
    shift: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    weight: NDArray[np.float32]


def steps_per_epoch(clips: int, settings: TrainingSettings) -> int:
    """Return the number of whole batches; the few clips left over by one epoch's order are in another's."""
    return clips // settings.batch_size


def epoch_order(clips: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the order in which epoch `epoch` visits the training clips."""
    return _generator(seed, _ORDER, epoch).permutation(clips)


def shuffled_labels(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return the training clips' labels permuted among them: as many of each class, none with a reason."""
    return _generator(seed, _LABELS).permutation(labels)


def plan_batch(
    settings: TrainingSettings, order: NDArray[np.int64], seed: int, epoch: int, step: int, rank: int = 0
) -> BatchPlan:
    """Draw step `step` of epoch `epoch`, and return the share of process `rank` of `settings.world_size`.

    Mixup pairs every clip of the batch with another by one permutation, with weight max(l, 1 - l), l ~ Beta(alpha,
    alpha) (Koutini 2021, App. A.2). All is drawn for the whole batch; a process also fetches the partners of its
    own clips where they lie in another's share.
    """
    size = settings.batch_size
    batch = order[step * size : (step + 1) * size]
    generator = _generator(seed, _BATCH, epoch, step)
    reach = {"waveform": settings.roll_samples, "frames": settings.roll_frames, "none": 0}[settings.roll]
    shift = generator.integers(-reach, reach, size, endpoint=True)
    partner, weight = np.arange(size), np.ones(size)
    if settings.mixup_alpha > 0:
        partner = generator.permutation(size)
        weight = generator.beta(settings.mixup_alpha, settings.mixup_alpha, size)
        weight = np.maximum(weight, 1 - weight)
    share = size // settings.world_size
    mine = np.arange(rank * share, (rank + 1) * share)
    needed = np.union1d(mine, partner[mine])
    return BatchPlan(
        clips=batch[needed],
        shift=shift[needed],
        first=np.searchsorted(needed, mine),
        second=np.searchsorted(needed, partner[mine]),
        weight=weight[mine].astype(np.float32),
    )
