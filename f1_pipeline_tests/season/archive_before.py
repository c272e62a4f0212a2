"""The archive as it stood before a season: no result of it, no calendar, but its entrants."""

from pathlib import Path

import pandas as pd

from f1_pipeline.sources.archive.layout import TABLES


def archive_before(season: int, archive: Path, target: Path) -> Path:
    """Write to `target` what `archive` holds of the seasons before `season`, and who enters it.

    The entrants are those of the first round, as an entry list is published before a season.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        frame = pd.read_parquet(archive / f"{name}.parquet")
        if name == "entrants":
            frame = _as_entered(frame, season)
        elif "season" in frame.columns:
            frame = frame[frame["season"] < season]
        frame.to_parquet(target / f"{name}.parquet", index=False)
    return target


def _as_entered(entrants: pd.DataFrame, season: int) -> pd.DataFrame:
    before = entrants[entrants["season"] < season]
    mine = entrants[entrants["season"].eq(season)]
    rounds = mine["rounds"].map(lambda text: str(text).split(";") if pd.notna(text) else ["1"])
    mine = mine[[("1" in listed) for listed in rounds]].assign(rounds=None)
    return pd.concat([before.astype(object), mine.astype(object)]).astype({"season": "int64"})
