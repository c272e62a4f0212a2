"""Write an archive from an f1db release: the command `f1-pipeline archive build`.

Facts under the project's own table and column names, each row keyed by event and f1db id. What is
changed against the source is listed here and written to SOURCES.md beside the files.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from f1_pipeline.errors import SourceError
from f1_pipeline.sources.archive import figures
from f1_pipeline.sources.archive.f1db import Release
from f1_pipeline.sources.archive.layout import GRANDS_PRIX, TABLES, Part, archive_columns
from f1_pipeline.sources.archive.placing import place, write_table


@dataclass(frozen=True)
class Correction:
    """A value that is known to be wrong in the source; applied only where it still stands."""

    event_id: str
    column: str
    wrong: str
    right: str
    why: str


CORRECTIONS = (
    Correction(
        "2021-turkey",
        "race_date",
        "2021-10-03",
        "2021-10-10",
        "the race was run on 10 October 2021, a week later than the release says",
    ),
)


def build(release_path: Path, out: Path, from_season: int = 2010) -> dict[str, int]:
    """Write the archive of all seasons from `from_season` on; returns the rows of each table.

    All files are moved in together, so that a failure leaves the archive as it was; figures that
    it holds are kept. Raises `SourceError` for a release or figures that cannot be used,
    `StorageError` where the files cannot be written.
    """
    tables = _tables(Release(release_path), from_season)
    kept = figures.read_figures(out)
    lines = figures.kept_lines(out, kept)

    def fill(staging: Path) -> None:
        manifest = {name: write_table(frame, staging, name) for name, frame in tables.items()}
        (staging / "manifest.json").write_text(json.dumps(manifest | lines, indent=2) + "\n")
        sources = _sources(tables, from_season) + figures.section(kept)
        (staging / "SOURCES.md").write_text(sources)

    place(out, fill)
    return {name: len(frame) for name, frame in tables.items()}


def _tables(release: Release, from_season: int) -> dict[str, pd.DataFrame]:
    events = _events(release)
    events = events[pd.to_numeric(events["season"], errors="coerce") >= from_season]
    if events.empty:
        raise SourceError(f"{release.path} holds no race from season {from_season} on.")
    race_ids = events.set_index("id")[["event_id", "season"]]
    tables = {"events": events}
    for name, parts in TABLES.items():
        if name == "events":
            continue
        frames = [_linked(release, part, race_ids, from_season) for part in parts]
        # A session that no season kept has would have a say in the types.
        tables[name] = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
    _keep_those_named(tables)
    return {name: tables[name][archive_columns(name)].reset_index(drop=True) for name in TABLES}


def _events(release: Release) -> pd.DataFrame:
    races = release.frame(TABLES["events"][0], also=("id", "year"))
    names = release.frame(GRANDS_PRIX).set_index("grand_prix_id")["name"]
    races["season"] = races["year"]
    races["event_id"] = races["season"].astype(str) + "-" + races["grand_prix_id"]
    races["name"] = races["grand_prix_id"].map(names)
    for correction in CORRECTIONS:
        wrong = races["event_id"].eq(correction.event_id) & races[correction.column].eq(
            correction.wrong
        )
        races.loc[wrong, correction.column] = correction.right
    return races.sort_values(["season", "round"], kind="stable")


def _linked(release: Release, part: Part, race_ids: pd.DataFrame, from_season: int) -> pd.DataFrame:
    if part.link == "race":
        frame = release.frame(part, also=("raceId",))
        return frame.join(race_ids, on="raceId", how="inner")
    if part.link == "season":
        frame = release.frame(part, also=("year",)).rename(columns={"year": "season"})
        return frame[pd.to_numeric(frame["season"], errors="coerce") >= from_season]
    return release.frame(part)


def _keep_those_named(tables: dict[str, pd.DataFrame]) -> None:
    """Leave out the drivers, constructors and circuits that no kept season knows."""
    by_entry = [t for t in tables.values() if {"driver_id", "season"} <= set(t.columns)]
    for table, column in (("drivers", "driver_id"), ("constructors", "constructor_id")):
        known = set(pd.concat([frame[column] for frame in by_entry]))
        tables[table] = tables[table][tables[table][column].isin(known)]
    circuits = set(tables["events"]["circuit_id"])
    tables["circuits"] = tables["circuits"][tables["circuits"]["circuit_id"].isin(circuits)]


def _sources(tables: dict[str, pd.DataFrame], from_season: int) -> str:
    events, seasons = tables["events"], tables["events"]["season"]
    held = events[events["event_id"].isin(set(tables["race_results"]["event_id"]))]
    rows = "\n".join(f"| {name} | {len(frame)} |" for name, frame in tables.items())
    corrections = "\n".join(
        f"- `{c.event_id}`, `{c.column}`: {c.wrong} → {c.right}; {c.why}." for c in CORRECTIONS
    )
    return f"""# Sources of this archive

All facts in these files come from **F1DB** (github.com/f1db/f1db), an open Formula 1 database,
used under the [Creative Commons Attribution 4.0](https://creativecommons.org/licenses/by/4.0/)
licence. F1DB does not endorse this project. Whoever passes these files on must keep this notice.

They hold seasons {seasons.min()} to {seasons.max()}; the newest race result is that of
`{held["event_id"].iloc[-1] if len(held) else "none"}`. Written by `f1-pipeline archive build`.

## What was changed
- Tables and columns are renamed and reduced to those that the pipeline reads; seasons before
  {from_season} are left out, with the drivers, constructors and circuits that only they know.
- Rows carry `event_id` (season and Grand Prix id) in place of F1DB's race id.
- The sessions of a kind are put in one table each, with a column `session`.
{corrections}

## Rows
| table | rows |
|---|---|
{rows}
"""
