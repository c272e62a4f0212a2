"""Which walk-forward forecasts speak for a run: its model's recipe, its horizon, its grid.

Not here: what is made of them (`past`, `reliability`).
"""

from dataclasses import dataclass
from typing import Any

from f1_pipeline.storage.reader import Row, Snapshot

MODEL = "catboost"


@dataclass(frozen=True)
class Variant:
    """Whose forecasts, made knowing what."""

    recipe: str
    tier: str
    horizon: str
    grid_source: str

    @property
    def where(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe,
            "tier": self.tier,
            "horizon": self.horizon,
            "grid_source": self.grid_source,
        }


def read_variant(snapshot: Snapshot, run: Row) -> Variant | None:
    """That of the model in force; None while there is none.

    The backtest without laps speaks for runs with laps too, and the page says so: it covers every
    season, and what laps add is small.
    """
    champion = snapshot.first("models", order=("-promoted_at",), stage="champion")
    if champion is None:
        return None
    grid_source = run["grid_source"] or "none"
    return Variant(champion["recipe"], "results", run["horizon"], grid_source)
