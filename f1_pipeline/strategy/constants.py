"""What a plan has to beat: constants, on the rows of the backtest. They read what was done, no fit.

One stop always; the driver's own number of stops at the event a year before; what most did at its
last dry edition; the median share of the distance of all one-stoppers; their median there; the
compounds most often run, ever and there.
"""

from typing import Any

import pandas as pd

ALWAYS = 1
_SEQUENCE = "M-H"  # before any was seen
_SHARE = 0.42


def constants(
    done: pd.DataFrame, counted: pd.DataFrame, cars: pd.DataFrame, events: pd.DataFrame, laps: int
) -> pd.DataFrame:
    """A row per car of one event: last_stops, edition_stops, the first stops and sequences.

    `done`: choices of dry races before the event, `counted`: stops of all races before it, wet ones
    too (event_id, driver_id, stops), `cars`: event_id, driver_id; `events`: the calendar.
    """
    calendar = events.set_index("event_id")
    event_id = str(cars["event_id"].iloc[0])
    grand_prix = calendar["grand_prix_id"]
    same = grand_prix.index[grand_prix.eq(grand_prix[event_id])]
    year_before = counted[
        counted["event_id"].isin(same)
        & counted["event_id"].map(calendar["season"]).eq(calendar["season"][event_id] - 1)
    ]
    of_all = _mode(year_before["stops"], ALWAYS)
    own = year_before.drop_duplicates("driver_id", keep="last").set_index("driver_id")["stops"]
    told = done[done["compounds"].notna() & done["event_id"].isin(same)]
    last = told[told["event_id"].eq(told["event_id"].iloc[-1])] if len(told) else told
    share = _share(done, _SHARE)
    return cars.assign(
        last_stops=cars["driver_id"].map(own).fillna(of_all).astype("int64"),
        edition_stops=_mode(last["stops"], ALWAYS),
        edition_first_stop=_lap(_share(last, share), laps),
        edition_sequence=_mode(sequences(last), _SEQUENCE),
        constant_first_stop=_lap(share, laps),
        constant_sequence=_mode(sequences(done), _SEQUENCE),
    )


def sequences(rows: pd.DataFrame) -> "pd.Series[str]":
    """M-H of compounds M and H; null where they are not known."""
    return rows["compounds"].map(
        lambda kinds: "-".join(kinds) if isinstance(kinds, tuple) else None
    )


def _share(rows: pd.DataFrame, otherwise: float) -> float:
    ones = rows[rows["stops"].eq(1) & rows["first_stop"].notna()]
    return float((ones["first_stop"] / ones["laps"]).median()) if len(ones) else otherwise


def _lap(share: float, laps: int) -> int:
    return min(max(round(share * laps), 1), laps)


def _mode(values: "pd.Series[Any]", otherwise: Any) -> Any:
    """The most frequent; of several the least."""
    found = values.dropna().mode()
    return found.iloc[0] if len(found) else otherwise
