"""Sentences: what is claimed, what is not, and which caution stands beside it."""

from dataclasses import replace

from evaluation.bootstrap import Bootstrap
from evaluation.grids import MISSING
from evaluation.report import compare
from evaluation.words import cautions, findings, in_words, provenance
from tests.evaluation.fake_runs import configuration, fake_clips

QUICK = Bootstrap(replicates=200)


def test_a_configuration_is_told_in_words() -> None:
    text = in_words(configuration(seeds=(0, 1), damping=0.1))
    assert text == (
        "data: demo c0ffeec0ffee; network: audio-resnet width 32, depth 1, pointwise depth 1; initial weights: fixup; "
        "weights: damped edge 0.1; split: rule unseen-city, test cities 3, train devices a; "
        "training: 30 epochs, batches of 16; augmentations: mixup alpha 0.3; seeds 0, 1"
    )
    assert "weights: dense;" in in_words(configuration())


def test_a_difference_is_claimed_only_where_the_verdict_says_so() -> None:
    base = configuration("base-x", seeds=(0, 1, 2))
    better = configuration("better-x", seeds=(0, 1, 2), weakness=0.3)
    same = configuration("same-x", seeds=(3, 4, 5))
    assert any(
        "unseen devices: +" in line and line.endswith("better is higher.")
        for line in findings(compare([base, better], QUICK))
    )
    assert sum(line.endswith("no significant difference.") for line in findings(compare([base, same], QUICK))) == 2


def test_one_seed_gives_no_verdict_and_says_what_more_would_tell() -> None:
    comparison = compare([configuration("base-x"), configuration("better-x", weakness=0.3)], QUICK)
    assert sum(line.endswith("no verdict.") for line in findings(comparison)) == 2
    text = " ".join(cautions(comparison))
    assert "--seed 1" in text
    # t(2) sqrt(1), t(4) sqrt(2/3), t(8) sqrt(2/5)
    assert "4.3 with 2 seeds, 2.3 with 3 seeds, 1.5 with 5 seeds" in text
    assert "over (city, scene) pairs" in text


def test_where_some_configurations_have_one_seed_the_others_have_verdicts() -> None:
    runs = [
        configuration("base-x", seeds=(0, 1, 2)),
        configuration("single-x", weakness=0.6),
        configuration("better-x", seeds=(0, 1, 2), weakness=0.3),
    ]
    comparison = compare(runs, QUICK)
    said = findings(comparison)
    assert any(line.startswith("single minus base") and line.endswith("no verdict.") for line in said)
    assert any(line.startswith("better minus base") and line.endswith("better is higher.") for line in said)
    text = " ".join(cautions(comparison))
    assert "With a single seed (single)" in text
    assert "Holm" in text
    assert "over training seeds (of configurations that have several) and (city, scene) pairs" in text


def test_cautions_name_what_is_thin_and_how_verdicts_are_corrected() -> None:
    few = " ".join(cautions(compare([configuration(clips=fake_clips(scenes=("bus", "park"), locations=1))], QUICK)))
    assert "Only 6 (city, scene) pairs" in few
    assert "Holm" not in few
    two = [configuration(name, seeds=(0, 1)) for name in ("one-x", "two-x")]
    text = " ".join(cautions(compare(two, QUICK)))
    assert "over training seeds and (city, scene) pairs" in text
    assert "Holm" in text
    assert "Intervals from 2 seeds are wide" in text
    assert "Only" not in text


def test_devices_that_lack_a_scene_are_named() -> None:
    clips = fake_clips()
    lacking = clips[(clips.device != "b") | (clips.scene != "park")]
    text = " ".join(cautions(compare([configuration(clips=lacking)], QUICK)))
    assert "(b lacks park)" in text
    assert "lacks" not in " ".join(cautions(compare([configuration(clips=clips)], QUICK)))


def test_configurations_trained_on_other_devices_are_named() -> None:
    clips = fake_clips()
    runs = [configuration("one-x", clips), configuration("all-x", clips.assign(seen=True))]
    comparison = compare(runs, QUICK)
    assert "seen and unseen devices are those of one;" in " ".join(cautions(comparison))
    assert "train devices a / rule" not in provenance(comparison)
    split = {"rule": "unseen-city", "test_cities": 3, "train_devices": ["all"]}
    other = replace(runs[1], description=runs[1].description | {"data": runs[1].description["data"] | {"split": split}})
    assert "train devices a / rule unseen-city, test cities 3, train devices all;" in provenance(
        compare([runs[0], other], QUICK)
    )


def test_a_run_trained_on_every_device_says_that_nothing_is_unseen() -> None:
    comparison = compare([configuration(clips=fake_clips(locations=1).assign(seen=True))], QUICK)
    assert "Every test device was used for training" in " ".join(cautions(comparison))
    assert "on all test devices" in findings(comparison)[0]
    assert MISSING not in findings(comparison)[0]


def test_where_only_the_first_was_trained_on_every_device_nothing_else_is_claimed_of_the_other() -> None:
    clips = fake_clips(locations=1)
    comparison = compare([configuration("all-x", clips.assign(seen=True)), configuration("one-x", clips)], QUICK)
    assert "Every test device was used to train all:" in " ".join(cautions(comparison))
    assert "trained" not in findings(comparison)[1]
    assert "the accuracy on unseen devices differs by" in findings(comparison)[1]


def test_the_footer_says_what_the_numbers_are_made_of() -> None:
    assert provenance(compare([configuration(seeds=(0, 1))], QUICK)) == (
        "data set demo c0ffeec0ffee; split: rule unseen-city, test cities 3, train devices a; preset demo; 2 runs; "
        "1,620 test clips (180 from seen devices, 1,440 from unseen devices); "
        "180 recordings made by both seen and unseen devices"
    )
