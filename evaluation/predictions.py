"""The table of predictions: one row per test clip and epoch, checked for completeness and scored."""

from collections.abc import Collection

import numpy as np
from pandas import DataFrame, Series

from common.errors import DataError

LOGIT = "logit:"
KINDS = ("reference", "real", "simulated")
_TEXT = ("clip", "recording", "scene", "city", "location", "device", "kind")
_NAMED = 5  # clips or devices named in an error; the others are counted


def scene_names(predictions: DataFrame) -> tuple[str, ...]:
    """Return the scenes in class order: the names of the columns that hold logits."""
    return tuple(name.removeprefix(LOGIT) for name in predictions.columns if name.startswith(LOGIT))


def _named(found: Collection[str]) -> str:
    names = sorted(found)
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest


def check_predictions(predictions: DataFrame, test_clips: Collection[str]) -> None:
    """Check that a table of predictions is complete and finite and holds every test clip once in every epoch.

    Parameters
    ----------
    predictions
        One row per test clip and epoch: epoch, clip, recording, scene, city, location, device, kind, seen, and a column
        `logit:<scene>` for each class.
    test_clips
        The clips that the split tests on.

    Raises
    ------
    DataError
        If a column or a value is missing, a logit is not finite, a scene or kind is unknown, a device has two kinds or
        is both seen and unseen, or clips are missing, doubled or not in the test part. The message names them.
    """
    _check_columns(predictions)
    _check_values(predictions)
    _check_devices(predictions)
    _check_clips(predictions, set(test_clips))


def _check_columns(predictions: DataFrame) -> None:
    missing = [name for name in ("epoch", *_TEXT, "seen") if name not in predictions.columns]
    if missing:
        raise DataError(f"the predictions have no column {', '.join(missing)}")
    if len(scene_names(predictions)) < 2:
        raise DataError(f"the predictions need a column {LOGIT}<scene> for each of at least two scenes")
    if predictions["seen"].dtype != bool:
        raise DataError(f"the column seen holds {predictions['seen'].dtype}, not true and false")


def _check_values(predictions: DataFrame) -> None:
    for name in _TEXT:
        empty = predictions[name].isna() | (predictions[name] == "")
        if empty.any():
            raise DataError(
                f"{empty.sum()} predictions have no {name}: {_named(predictions['clip'][empty].astype(str))}"
            )
    for name, known in (("scene", scene_names(predictions)), ("kind", KINDS)):
        unknown = set(predictions[name]) - set(known)
        if unknown:
            raise DataError(f"unknown {name} in the predictions: {_named(unknown)}; known are {', '.join(known)}")
    finite = np.isfinite(predictions.filter(regex=f"^{LOGIT}").to_numpy()).all(axis=1)
    if not finite.all():
        raise DataError(f"logits are not finite for {_named(set(predictions['clip'][~finite]))}: the training diverged")


def _check_devices(predictions: DataFrame) -> None:
    facts = predictions[["device", "kind", "seen"]].drop_duplicates()
    torn = set(facts.device[facts.device.duplicated()])
    if torn:
        raise DataError(f"devices of more than one kind, or both seen and unseen: {_named(torn)}")


def _check_clips(predictions: DataFrame, test_clips: set[str]) -> None:
    if predictions.empty or not test_clips:
        raise DataError("there are no predictions, or no test clips: nothing can be evaluated")
    for epoch, clips in predictions.groupby("epoch")["clip"]:
        found = set(clips)
        wrong = {
            "doubled": set(clips[clips.duplicated()]),
            "missing": test_clips - found,
            "not in the test part": found - test_clips,
        }
        faults = [f"{len(names)} {fault} ({_named(names)})" for fault, names in wrong.items() if names]
        if faults:
            raise DataError(f"epoch {epoch} must hold each of {len(test_clips)} test clips once: {'; '.join(faults)}")


def score(predictions: DataFrame) -> DataFrame:
    """Return the predicted scene, correctness and log loss of every prediction.

    Parameters
    ----------
    predictions
        A checked predictions table.

    Returns
    -------
    DataFrame
        The rows sorted by epoch, device and clip, without the logits, with `predicted` (the first of classes with equal
        logits), `correct` (0 or 1), `loss` (nats) and `clips` (1; its sum is the divisor of accuracies).

    Examples
    --------
    >>> predictions = DataFrame(
    ...     {
    ...         "epoch": 0,
    ...         "clip": ["1.wav", "2.wav"],
    ...         "recording": ["1", "2"],
    ...         "scene": ["bus", "park"],
    ...         "city": "lyon",
    ...         "location": ["lyon-1", "lyon-2"],
    ...         "device": "a",
    ...         "kind": "reference",
    ...         "seen": True,
    ...         "logit:bus": [2.0, 1.0],
    ...         "logit:park": [0.0, 1.0],
    ...     }
    ... )
    >>> check_predictions(predictions, ["1.wav", "2.wav"])
    >>> score(predictions)[["clip", "scene", "predicted", "correct", "loss"]].round(3)
        clip scene predicted  correct   loss
    0  1.wav   bus       bus      1.0  0.127
    1  2.wav  park       bus      0.0  0.693
    """
    scenes = scene_names(predictions)
    predictions = predictions.sort_values(["epoch", "device", "clip"], ignore_index=True)
    logits = predictions[[LOGIT + scene for scene in scenes]].to_numpy(dtype=np.float64)
    label = Series(range(len(scenes)), index=scenes).loc[predictions.scene].to_numpy()
    guess = logits.argmax(axis=1)
    logits = logits - logits.max(axis=1, keepdims=True)
    return predictions[["epoch", *_TEXT, "seen"]].assign(
        predicted=np.array(scenes)[guess],
        correct=(guess == label).astype(float),
        loss=np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), label],
        clips=1.0,
    )
