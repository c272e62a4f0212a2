"""What was done in races that are made up: rows as `chosen.choices` gives them."""

from collections.abc import Sequence

import pandas as pd

from f1_pipeline.strategy.plans import parse


def race(
    event_id: str,
    plans: Sequence[str],
    circuit: str = "c00",
    year: float | None = None,
    laps: int = 60,
    told: bool = True,
) -> pd.DataFrame:
    """A car for each plan, in order of the grid; `told`: compounds are known."""
    rows = []
    for place, plan in enumerate(map(parse, plans), start=1):
        rows.append(
            {
                "event_id": event_id,
                "driver_id": f"d{place:02d}",
                "stops": len(plan.stops),
                "first_stop": float(plan.stops[0]) if plan.stops else float("nan"),
                "laps": laps,
                "grid": float(place),
                "compounds": plan.compounds if told else None,
                "stop_laps": plan.stops if told else None,
                "circuit_id": circuit,
                "year": float(event_id[:4]) if year is None else year,
            }
        )
    return pd.DataFrame(rows).astype({"compounds": object, "stop_laps": object})


def races(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)
