"""A fit on disk: CatBoost's own format for the trees, JSON for the rest. No pickles.

JSON keeps floats to the last bit, so a fit that was read predicts what the one written did.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from f1_pipeline.errors import StorageError
from f1_pipeline.modelling.hazard import Hazard
from f1_pipeline.modelling.recipe import ResetRecipe
from f1_pipeline.modelling.strength import Linear, Strength, Tree
from f1_pipeline.modelling.variant import VariantModel

_FORMAT = 2


def write_index(folder: Path, variants: list[tuple[str, str]], recipe_hash: str) -> None:
    """Name the variants; written last, so that a folder without it is a fit cut short."""
    content = {"format": _FORMAT, "recipe": recipe_hash, "variants": sorted(variants)}
    _write(folder / "model.json", content)


def read_index(folder: Path) -> tuple[list[tuple[str, str]], str]:
    """The variants and the recipe's hash. Raises `StorageError`."""
    content = _read(folder / "model.json")
    if content.get("format") != _FORMAT:
        raise StorageError(f"{folder} holds a fit of another format: fit the model again.")
    return [(horizon, grid) for horizon, grid in content["variants"]], content["recipe"]


def write_variant(path: Path, model: VariantModel) -> None:
    """Write `path`.cbm and `path`.json."""
    regressor = model.strength.tree.regressor
    # CatBoost stamps every fit; without the stamps the same fit has the same bytes, and one hash.
    stamps = regressor.get_metadata()
    stamps["model_guid"], stamps["train_finish_time"] = "", ""
    regressor.save_model(str(_beside(path, ".cbm")), format="cbm")
    hazard = model.hazard
    content = {
        "draws": model.draws,
        "seed": model.seed,
        "weights": model.weights.tolist(),
        "grid_weights": model.grid_weights.tolist(),
        "reset": asdict(model.reset),
        "tree": {"features": model.strength.tree.features},
        "linear": {
            "features": model.strength.linear.features,
            "coefficients": model.strength.linear.coefficients.tolist(),
        },
        "hazard": {
            "features": hazard.features,
            "mean": hazard.mean.tolist(),
            "coefficients": hazard.coefficients.tolist(),
            "intercept": hazard.intercept,
            "classified_retired": hazard.classified_retired,
            "excluded": hazard.excluded,
        },
    }
    _write(_beside(path, ".json"), content)


def read_variant(path: Path) -> VariantModel:
    """Read what `write_variant` wrote. Raises `StorageError`."""
    from catboost import CatBoostError, CatBoostRegressor

    content = _read(_beside(path, ".json"))
    regressor = CatBoostRegressor()
    try:
        regressor.load_model(str(_beside(path, ".cbm")), format="cbm")
    except CatBoostError as error:
        raise StorageError(
            f"{_beside(path, '.cbm')} is no readable fit; fit the model again ({error})."
        ) from None
    linear, hazard = content["linear"], content["hazard"]
    return VariantModel(
        strength=Strength(
            Linear(tuple(linear["features"]), np.array(linear["coefficients"])),
            Tree(tuple(content["tree"]["features"]), regressor),
        ),
        weights=np.array(content["weights"]),
        grid_weights=np.array(content["grid_weights"]),
        reset=ResetRecipe(**content["reset"]),
        hazard=Hazard(
            features=tuple(hazard["features"]),
            mean=np.array(hazard["mean"]),
            coefficients=np.array(hazard["coefficients"]),
            intercept=hazard["intercept"],
            classified_retired=hazard["classified_retired"],
            excluded=hazard["excluded"],
        ),
        draws=content["draws"],
        seed=content["seed"],
    )


def _beside(path: Path, ending: str) -> Path:
    return path.parent / (path.name + ending)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} is no readable fit; fit the model again ({error}).") from None
    return content
