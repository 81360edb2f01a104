"""Predictions: what is refused, and what a row scores."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from common.errors import DataError
from evaluation.predictions import check_predictions, scene_names, score
from tests.evaluation.fake_runs import fake_clips, predictions

CLIPS = fake_clips(scenes=("bus", "park", "tram"), locations=1, recordings=1)


def broken(**columns: object) -> pd.DataFrame:
    """A good table whose third row holds other values."""
    table = predictions(CLIPS)
    for name, value in columns.items():
        table[name] = [*table[name][:2], value, *table[name][3:]]
    return table.infer_objects()


def test_a_complete_table_passes_whatever_the_order_of_its_rows() -> None:
    table = pd.concat([predictions(CLIPS, 3), predictions(CLIPS, 4)])
    check_predictions(table.sample(frac=1, random_state=0), CLIPS["clip"])


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (predictions(CLIPS).drop(index=4), "1 missing (" + CLIPS["clip"][4]),
        (predictions(CLIPS).drop(index=range(3, 20)), "17 missing"),
        (pd.concat([predictions(CLIPS), predictions(CLIPS)[:1]]), "1 doubled (" + CLIPS["clip"][0]),
        (broken(clip="audio/other.wav"), "1 not in the test part (audio/other.wav)"),
        (predictions(CLIPS)[:0], "nothing can be evaluated"),
        (predictions(CLIPS).drop(columns="city"), "no column city"),
        (predictions(CLIPS).drop(columns=["logit:bus", "logit:tram"]), "at least two scenes"),
        (predictions(CLIPS).drop(columns="logit:bus"), "unknown scene in the predictions: bus; known are park, tram"),
        (broken(**{"logit:bus": np.nan}), "not finite for " + CLIPS["clip"][2]),
        (broken(**{"logit:tram": -np.inf}), "not finite"),
        (broken(location=None), "1 predictions have no location"),
        (broken(device=""), "1 predictions have no device"),
        (broken(kind="borrowed"), "unknown kind in the predictions: borrowed"),
        (broken(kind="reference"), "more than one kind, or both seen and unseen: c"),
        (broken(seen=True), "more than one kind, or both seen and unseen: c"),
        (broken(seen="yes"), "not true and false"),
    ],
)
def test_what_is_wrong_is_named(table: pd.DataFrame, found: str) -> None:
    with pytest.raises(DataError) as error:
        check_predictions(table, CLIPS["clip"])
    assert found in str(error.value)


def test_a_clip_missing_in_one_epoch_only_is_found() -> None:
    table = pd.concat([predictions(CLIPS, 3), predictions(CLIPS, 4)[1:]])
    with pytest.raises(DataError, match=r"epoch 4 must hold each of 81 test clips once: 1 missing"):
        check_predictions(table, CLIPS["clip"])


def test_of_many_missing_clips_five_are_named_and_the_rest_counted() -> None:
    with pytest.raises(DataError, match=r"(\S+\.wav, ){4}\S+\.wav and 12 more"):
        check_predictions(predictions(CLIPS).drop(index=range(3, 20)), CLIPS["clip"])


def test_of_equal_logits_the_first_class_is_predicted() -> None:
    table = predictions(CLIPS).assign(**{"logit:bus": 1.0, "logit:park": 1.0, "logit:tram": 0.5})
    assert set(score(table).predicted) == {"bus"}


def test_log_loss_is_that_of_scikit_learn_and_survives_large_logits() -> None:
    table = predictions(CLIPS)
    logits = table.filter(like="logit:").to_numpy(float)
    expected = log_loss(table.scene, np.exp(logits) / np.exp(logits).sum(1, keepdims=True), labels=scene_names(table))
    assert score(table).loss.mean() == pytest.approx(expected, rel=1e-12)
    huge = table.assign(**{name: table[name] * np.float32(1e20) for name in table.filter(like="logit:").columns})
    assert np.isfinite(score(huge).loss).all()


def test_scoring_leaves_the_predictions_as_they_are() -> None:
    table = predictions(CLIPS)
    before = table.copy()
    score(table)
    pd.testing.assert_frame_equal(table, before)
