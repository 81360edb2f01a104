"""The official training and test split of a data set, read from the lists in evaluation_setup/."""

from collections.abc import Mapping
from pathlib import Path

from data_prep.identities import normalise_name, path_key
from data_prep.listing import META
from data_prep.problems import Problem, quote, warnings_about
from data_prep.tables import read_table

FOLDS = {
    f"evaluation_setup/fold1_{name}.csv": side for name, side in (("train",) * 2, ("test",) * 2, ("evaluate", "test"))
}


def read_folds(root: Path, scenes: Mapping[str, str]) -> tuple[dict[str, str], list[Problem], list[str]]:
    """Read the official fold.

    Parameters
    ----------
    root
        Folder of the data set.
    scenes
        Scene of each clip in meta.csv, by the `path_key` of its file name.

    Returns
    -------
    sides, problems, warnings
        "train" or "test" for each clip in the lists, by the `path_key` of its file name; errors in the lists; warnings.
    """
    sides: dict[str, str] = {}
    problems: list[Problem] = []
    warnings: list[str] = []
    for file, side in FOLDS.items():
        if not (root / file).exists():
            continue
        content = read_table(root, file, {"filename": ""}, ("scene_label",))
        problems += content.problems
        names: dict[str, str] = {}
        for line, values in content.rows:
            clip = values["filename"]
            key, label = path_key(clip), normalise_name(values.get("scene_label", ""))
            scene = scenes.get(key)
            for found, reason in (
                (key in names, "listed twice"),
                (sides.setdefault(key, side) != side, f"listed for {sides[key]} already"),
                (label and scene is not None and label != scene, f"{META} has scene {scene!r}, this list {label!r}"),
            ):
                problems += [Problem(file, line, f"{quote(clip)}: {reason}")] if found else []
            names[key] = clip
        absent = [clip for key, clip in names.items() if key not in scenes]
        warnings += warnings_about(f"clips of {file} are not in {META} (lists of two versions?)", absent)
    return sides, problems, warnings
