"""Sentences: what is claimed, what is not, and which caution stands beside it."""

from evaluation.grids import MISSING
from evaluation.intervals import Bootstrap
from evaluation.tables import compare
from evaluation.words import cautions, findings, in_words, provenance
from tests.evaluation.fake_runs import configuration, fake_clips

QUICK = Bootstrap(replicates=200)


def test_a_configuration_is_told_in_words() -> None:
    text = in_words(configuration(seeds=(0, 1), damping=0.1))
    assert text == (
        "data: demo c0ffeec0ffee; network: width 32, depth 1, pointwise depth 1; weights: damping 0.1, init fixup; "
        "split: rule unseen-city, "
        "test cities 3, train devices a; training: 30 epochs, batches of 16; seeds 0, 1"
    )
    assert "no damping" in in_words(configuration())


def test_a_difference_is_claimed_only_where_the_interval_shows_one() -> None:
    base = configuration("base-x", epochs=(29,))
    better = configuration("better-x", epochs=(29,), weakness=0.3)
    same = configuration("same-x", epochs=(29,))
    assert any(
        "unseen devices: +" in line and line.endswith("better is higher.")
        for line in findings(compare([base, better], QUICK))
    )
    assert sum(line.endswith("no difference is shown.") for line in findings(compare([base, same], QUICK))) == 2


def test_thin_evidence_is_said_to_be_thin() -> None:
    few = configuration(clips=fake_clips(scenes=("bus", "park"), locations=1))
    text = " ".join(cautions(compare([few], QUICK)))
    assert "which 1 seed cannot tell" in text
    assert "Only 6 locations" in text
    assert "devices are compared" not in text
    many = " ".join(cautions(compare([configuration(seeds=(0, 1, 2), epochs=(29,))] * 2, QUICK)))
    assert "cannot tell" not in many
    assert "Only" not in many
    assert "9 devices are compared" in many


def test_a_run_trained_on_every_device_says_that_nothing_is_unseen() -> None:
    comparison = compare([configuration(clips=fake_clips(locations=1).assign(seen=True))], QUICK)
    assert "nothing to say about unseen devices" in " ".join(cautions(comparison))
    assert f"{MISSING} % on unseen ones" in findings(comparison)[0]


def test_the_footer_says_what_the_numbers_are_made_of() -> None:
    assert provenance(compare([configuration(seeds=(0, 1))], QUICK)) == (
        "data set demo c0ffeec0ffee; split: rule unseen-city, test cities 3, train devices a; preset demo; 2 runs; "
        "1,620 test clips (180 seen, 1,440 unseen); 180 recordings made by seen and unseen devices"
    )
