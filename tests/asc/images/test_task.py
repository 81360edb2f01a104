"""What a run sees of its data, and what of it is random."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames
from asc.images.task import ImageTask, open_set
from asc.run import ImageData, Run, SceneData
from common.errors import ConfigError
from data_prep.images.augmentation import AUGMENTATIONS
from data_prep.images.sets import LabelledSet
from data_prep.images.teacher import TeacherSettings
from models.weights.pruned import PrunedAtStart

CPU = torch.device("cpu")


def all_of(batches: ImageTask, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    inputs, labels = zip(*batches.part(part), strict=True)  # type: ignore[arg-type]
    return torch.cat(inputs), torch.cat(labels)


def test_every_example_is_in_one_place(run: Run, digits: LabelledSet) -> None:
    bare = replace(run, data=replace(run.data, normalisation="unit"))
    batches = ImageTask(bare, digits, CPU)
    assert [batches.size(part) for part in ("train", "validation", "test")] == [100, 20, 60]
    parts = torch.cat([all_of(batches, "train")[0], all_of(batches, "validation")[0]]).flatten(1)
    whole = torch.from_numpy(np.asarray(digits.train.inputs)).flatten(1)
    assert sorted((255 * parts).round().tolist()) == sorted(whole.float().tolist())
    assert torch.equal(all_of(batches, "test")[1], torch.from_numpy(digits.test.labels))


def test_an_epoch_goes_through_all_examples_in_an_order_of_its_own(run: Run, digits: LabelledSet) -> None:
    batches = ImageTask(run, digits, CPU)
    orders = []
    for epoch in (0, 1):
        found = list(batches.batches(epoch))
        assert [len(batch.labels) for batch in found] == [30, 30, 30, 10]
        orders.append(torch.cat([batch.inputs for batch in found]).flatten(1))
    train = all_of(batches, "train")[0].flatten(1)
    for order in orders:
        assert torch.equal(order.sum(1).sort().values, train.sum(1).sort().values)
    assert not torch.equal(*orders)
    again = torch.cat([batch.inputs for batch in ImageTask(run, digits, CPU).batches(1)]).flatten(1)
    assert torch.equal(again, orders[1])


def test_random_labels_are_for_training_alone(run: Run, digits: LabelledSet) -> None:
    true = ImageTask(run, digits, CPU)
    random = ImageTask(replace(run, data=replace(run.data, labels="random")), digits, CPU)
    for part in ("validation", "test"):
        assert torch.equal(all_of(true, part)[1], all_of(random, part)[1])
    before, after = all_of(true, "train")[1], all_of(random, "train")[1]
    assert not torch.equal(before, after)
    assert torch.equal(before.bincount(), after.bincount())


def test_augmentation_is_for_training_alone_and_by_the_seed(run: Run, sets: dict[str, LabelledSet]) -> None:
    data = replace(run.data, name="cifar10", augmentation=AUGMENTATIONS["price2021"])
    augmented = ImageTask(replace(run, data=data), sets["cifar10"], CPU)
    bare = ImageTask(replace(run, data=replace(data, augmentation=AUGMENTATIONS["none"])), sets["cifar10"], CPU)
    assert torch.equal(all_of(augmented, "test")[0], all_of(bare, "test")[0])
    first, again, plain = (next(one.batches(3)).inputs for one in (augmented, augmented, bare))
    assert torch.equal(first, again)
    assert not torch.equal(first, plain)
    assert first.shape == plain.shape


def test_a_method_that_scores_sees_training_examples(run: Run, digits: LabelledSet) -> None:
    scored = replace(run, weights=(PrunedAtStart(kept=(50,), method="snip", examples=45),))
    batches = ImageTask(scored, digits, CPU)
    passes = batches.scored(scored)
    first, second = list(passes), list(passes)
    assert [len(labels) for _, labels in first] == [30, 15]
    assert not torch.equal(first[0][0], second[0][0])
    # Whoever begins anew sees the same.
    assert torch.equal(next(iter(batches.scored(scored)))[0], first[0][0])
    assert list(batches.scored(run)) == []


def test_examples_that_score_are_augmented(run: Run, sets: dict[str, LabelledSet]) -> None:
    weights = (PrunedAtStart(kept=(50,), method="snip", examples=30),)
    data = replace(run.data, name="cifar10", augmentation=AUGMENTATIONS["price2021"])
    bare = replace(run, data=replace(data, augmentation=AUGMENTATIONS["none"]), weights=weights)
    (augmented, labels), (plain, same) = (
        next(iter(ImageTask(run, sets["cifar10"], CPU).scored(run))) for run in (replace(bare, data=data), bare)
    )
    assert torch.equal(labels, same)
    assert not torch.equal(augmented, plain)


def test_grasp_scores_with_equally_many_of_each_class(run: Run, digits: LabelledSet) -> None:
    scored = replace(run, weights=(PrunedAtStart(kept=(50,), method="grasp", examples=40),))
    labels = torch.cat([labels for _, labels in ImageTask(scored, digits, CPU).scored(scored)])
    assert labels.bincount().tolist() == [10] * 4


def test_a_teachers_set_is_made() -> None:
    data = ImageData(name="teacher", identity="", teacher=TeacherSettings(inputs=5, train=30), normalisation="none")
    assert open_set(data, None).train.inputs.shape == (30, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_processes_together_see_what_one_does(run: Run, sets: dict[str, LabelledSet], name: str, mixed: bool) -> None:
    """Order, augmentations of images and mixup of each whole batch, whichever process computes with an example."""
    data = replace(run.data, name=name, augmentation=AUGMENTATIONS["price2021" if name == "cifar10" else "none"])
    training = replace(run.training, augmentations=(Mixup(),) if mixed else ())
    alone = ImageTask(replace(run, data=data, training=training), sets[name], CPU)
    shared = replace(run, data=data, training=replace(training, world_size=2))
    ranks = [ImageTask(shared, sets[name], CPU, rank) for rank in range(2)]
    assert [task.steps for task in ranks] == [3, 3]  # the smaller batch at the end cannot be shared
    for whole, *parts in zip(alone.batches(2), *(task.batches(2) for task in ranks), strict=False):
        for expected, *found in zip(whole, *parts, strict=True):
            assert (expected is None) is (found[0] is None)
            if expected is not None:
                assert torch.equal(torch.cat(found), expected)


def test_augmentations_of_clips_are_refused(run: Run, digits: LabelledSet) -> None:
    rolled = replace(run, training=replace(run.training, augmentations=(RolledFrames(), Mixup())))
    with pytest.raises(ConfigError, match="augmentations = 'roll-frames' is not allowed: for clips"):
        ImageTask(rolled, digits, CPU)


def test_a_run_on_scenes_has_no_images(run: Run, digits: LabelledSet) -> None:
    with pytest.raises(ConfigError, match="data = 'demo' is not allowed: a set of images"):
        ImageTask(replace(run, data=SceneData(name="demo", identity="")), digits, CPU)
