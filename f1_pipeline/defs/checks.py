"""Blocking checks of the tables that are written one by one: what is stored meets its contract.

The contract is enforced before the write already; a check shows it, and stops what depends on a
table that was damaged since. The tables layer checks itself as it publishes.
"""

import dagster as dg

from f1_pipeline.contracts import CONTRACTS, split
from f1_pipeline.defs.resources import Storage

FILLED = (
    *("driver_form", "team_form", "circuit_patterns", "lap_form", "race_features"),
    "training_set",
)
# Nothing is scored until a race that was forecast has a result; the baseline explains nothing;
# the record begins with the first backtest, drift and health with enough races to compare;
# plans come with figures of races, and the first race whose grid is known; documents with the first
# result.
MAY_BE_EMPTY = (
    *("scored_predictions", "explanations", "track_record"),
    *("drift_report", "model_health"),
    *("recommendations", "caution_advice", "scored_recommendations", "strategy_backtest"),
    *("driver_documents", "race_documents", "alike_races", "search_index"),
    "stories",
)
NAMES = (*FILLED, *MAY_BE_EMPTY)


def _contract_check(name: str) -> dg.AssetChecksDefinition:
    contract = CONTRACTS[name]

    @dg.asset_check(
        asset=dg.AssetKey([contract.layer, name]),
        name="contract",
        blocking=True,
        description="Every stored row meets the contract of its table.",
    )
    def check(storage: Storage) -> dg.AssetCheckResult:
        frame = storage.warehouse.read(name)
        rejections = split(frame, contract)[1]
        return dg.AssetCheckResult(
            passed=not rejections and (len(frame) > 0 or name in MAY_BE_EMPTY),
            metadata={"rows": len(frame), "faults": len(rejections)},
        )

    return check


contract_checks = [_contract_check(name) for name in NAMES]
