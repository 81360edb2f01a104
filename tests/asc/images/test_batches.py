"""What a run sees of its data, and what of it is random."""

from dataclasses import replace

import numpy as np
import torch

from asc.images.batches import ImageBatches, open_set
from asc.images.description import ImageRun, ImageWeights
from data_prep.images.augmentation import AUGMENTATIONS
from data_prep.images.sets import LabelledSet
from data_prep.teacher import TeacherSettings

CPU = torch.device("cpu")


def all_of(batches: ImageBatches, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    inputs, labels = zip(*batches.part(part), strict=True)  # type: ignore[arg-type]
    return torch.cat(inputs), torch.cat(labels)


def test_every_example_is_in_one_place(run: ImageRun, digits: LabelledSet) -> None:
    bare = replace(run, data=replace(run.data, normalisation="unit"))
    batches = ImageBatches(bare, digits, CPU)
    assert [batches.size(part) for part in ("train", "validation", "test")] == [100, 20, 60]
    parts = torch.cat([all_of(batches, "train")[0], all_of(batches, "validation")[0]]).flatten(1)
    whole = torch.from_numpy(np.asarray(digits.train.inputs)).flatten(1)
    assert sorted((255 * parts).round().tolist()) == sorted(whole.float().tolist())
    assert torch.equal(all_of(batches, "test")[1], torch.from_numpy(digits.test.labels))


def test_an_epoch_goes_through_all_examples_in_an_order_of_its_own(run: ImageRun, digits: LabelledSet) -> None:
    batches = ImageBatches(run, digits, CPU)
    orders = []
    for epoch in (0, 1):
        found = list(batches.epoch(epoch))
        assert [len(labels) for _, labels in found] == [30, 30, 30, 10]
        orders.append(torch.cat([inputs for inputs, _ in found]).flatten(1))
    train = all_of(batches, "train")[0].flatten(1)
    for order in orders:
        assert torch.equal(order.sum(1).sort().values, train.sum(1).sort().values)
    assert not torch.equal(*orders)
    again = torch.cat([inputs for inputs, _ in ImageBatches(run, digits, CPU).epoch(1)]).flatten(1)
    assert torch.equal(again, orders[1])


def test_random_labels_are_for_training_alone(run: ImageRun, digits: LabelledSet) -> None:
    true = ImageBatches(run, digits, CPU)
    random = ImageBatches(replace(run, data=replace(run.data, labels="random")), digits, CPU)
    for part in ("validation", "test"):
        assert torch.equal(all_of(true, part)[1], all_of(random, part)[1])
    before, after = all_of(true, "train")[1], all_of(random, "train")[1]
    assert not torch.equal(before, after)
    assert torch.equal(before.bincount(), after.bincount())


def test_augmentation_is_for_training_alone_and_by_the_seed(run: ImageRun, sets: dict[str, LabelledSet]) -> None:
    data = replace(run.data, name="cifar10", augmentation=AUGMENTATIONS["price2021"])
    augmented = ImageBatches(replace(run, data=data), sets["cifar10"], CPU)
    bare = ImageBatches(replace(run, data=replace(data, augmentation=AUGMENTATIONS["none"])), sets["cifar10"], CPU)
    assert torch.equal(all_of(augmented, "test")[0], all_of(bare, "test")[0])
    first, again, plain = (next(one.epoch(3))[0] for one in (augmented, augmented, bare))
    assert torch.equal(first, again)
    assert not torch.equal(first, plain)
    assert first.shape == plain.shape


def test_a_method_that_scores_sees_training_examples(run: ImageRun, digits: LabelledSet) -> None:
    scored = replace(run, weights=ImageWeights(scheme="sparse", kept=(50,), pruning="snip", examples=45))
    batches = ImageBatches(scored, digits, CPU)
    passes = batches.scoring(scored)
    first, second = list(passes), list(passes)
    assert [len(labels) for _, labels in first] == [30, 15]
    assert not torch.equal(first[0][0], second[0][0])
    # Whoever begins anew sees the same.
    assert torch.equal(next(iter(batches.scoring(scored)))[0], first[0][0])
    assert list(batches.scoring(run)) == []


def test_examples_that_score_are_augmented(run: ImageRun, sets: dict[str, LabelledSet]) -> None:
    weights = ImageWeights(scheme="sparse", kept=(50,), pruning="snip", examples=30)
    data = replace(run.data, name="cifar10", augmentation=AUGMENTATIONS["price2021"])
    bare = replace(run, data=replace(data, augmentation=AUGMENTATIONS["none"]), weights=weights)
    (augmented, labels), (plain, same) = (
        next(iter(ImageBatches(run, sets["cifar10"], CPU).scoring(run))) for run in (replace(bare, data=data), bare)
    )
    assert torch.equal(labels, same)
    assert not torch.equal(augmented, plain)


def test_grasp_scores_with_equally_many_of_each_class(run: ImageRun, digits: LabelledSet) -> None:
    scored = replace(run, weights=ImageWeights(scheme="sparse", kept=(50,), pruning="grasp", examples=40))
    labels = torch.cat([labels for _, labels in ImageBatches(scored, digits, CPU).scoring(scored)])
    assert labels.bincount().tolist() == [10] * 4


def test_a_teachers_set_is_made() -> None:
    from asc.images.description import ImageData

    data = ImageData(name="teacher", identity="", teacher=TeacherSettings(inputs=5, train=30), normalisation="none")
    assert open_set(data, None).train.inputs.shape == (30, 5)  # type: ignore[arg-type]
