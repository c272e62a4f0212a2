"""What goes piece by piece to fit into memory gives the same as in one go."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, content_hashes
from f1_pipeline.search import alike
from f1_pipeline.storage import warehouse
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.scale.seasons import make

_NAMES = ("events", "race_results", "standings", "drivers", "circuits", "race_pace")
_AT = datetime(2101, 1, 1, tzinfo=UTC)
# 30 events of 20 cars: a batch within a race, one of some races, one beyond everything.
_BATCHES = (7, 100, 10**6)


@pytest.fixture(scope="module")
def drawn() -> dict[str, pd.DataFrame]:
    tables = make(30)
    shuffled = tables["race_results"].sample(frac=1, random_state=1, ignore_index=True)
    return {name: tables[name] for name in _NAMES} | {"race_results": shuffled}


@pytest.mark.parametrize("batch", _BATCHES)
def test_a_table_is_published_and_read_whatever_the_batch(
    drawn: dict[str, pd.DataFrame], batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "_BATCH", batch)
    held = Warehouse(f"sqlite:///{tmp_path / 'warehouse.db'}")
    changed = held.publish(drawn, run_id="one", at=_AT).changed
    for name, frame in drawn.items():
        key = list(CONTRACTS[name].key)
        expected = frame.sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(held.read(name), expected, check_exact=True)
        # Of each unit the hash of its whole content, units in the order in which they came.
        hashes = content_hashes(frame, CONTRACTS[name])
        assert changed[name] == list(hashes)
        known = held.versions(name).set_index("event_id")["content_hash"]
        assert known.to_dict() == hashes


@pytest.mark.parametrize("batch", _BATCHES)
def test_one_corrected_race_is_one_new_version_whatever_the_batch(
    drawn: dict[str, pd.DataFrame], batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "_BATCH", batch)
    held = Warehouse(f"sqlite:///{tmp_path / 'warehouse.db'}")
    held.publish(drawn, run_id="one", at=_AT)
    results = drawn["race_results"].copy()
    corrected, gone = results["event_id"].unique()[[3, 8]]
    results.loc[results["event_id"].eq(corrected), "laps"] = 1
    results = results[results["event_id"].ne(gone)]
    published = held.publish({"race_results": results}, run_id="two", at=_AT)
    assert published.changed == {"race_results": [corrected]}
    assert published.withdrawn == {"race_results": [gone]}


@pytest.mark.parametrize("name", ["race_results", "drivers"])
def test_an_empty_table_is_read_in_its_types(name: str, tmp_path: Path) -> None:
    held = Warehouse(f"sqlite:///{tmp_path / 'warehouse.db'}").read(name)
    assert held.empty
    typed = make(3)[name].dtypes
    assert held.dtypes.equals(typed)


def _races(many: int) -> pd.DataFrame:
    random = np.random.default_rng(4)
    counts = ("red_flags", "safety_cars", "virtual_safety_cars", "retirements", "winner_grid")
    rows = pd.DataFrame(
        {
            "event_id": [f"2024-race-{number:02d}" for number in range(many)],
            "season": 2024,
            "round": np.arange(many),
            "circuit_id": random.choice(["monza", "spa", "monaco"], many),
            "circuit_type": random.choice(["race", "street"], many),
            "wet": pd.array(random.random(many) < 0.3, dtype="boolean"),
            "winner": random.choice(["ada", "grace"], many),
            "typical_stops": pd.array(random.integers(1, 4, many) / 1.0, dtype="Float64"),
            **{name: pd.array(random.integers(0, 4, many), dtype="Int64") for name in counts},
        }
    )
    for name in ("wet", "red_flags", "typical_stops", "winner_grid"):
        rows.loc[random.random(many) < 0.3, name] = pd.NA
    return rows


@pytest.mark.parametrize("block", [1, 7])
def test_races_are_as_alike_whatever_the_block(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = alike.alike_races(_races(40))
    assert len(whole) == 40 * alike.MOST
    assert (whole["event_id"] != whole["like_event_id"]).all()
    monkeypatch.setattr(alike, "_BLOCK", block)
    pd.testing.assert_frame_equal(alike.alike_races(_races(40)), whole, check_exact=True)
