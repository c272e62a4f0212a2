"""What must hold among the laps of a session: pure functions that say what they found.

A finding is one line. One that makes laps unusable withholds them; one that only tells what is
lacking makes the session partial.
"""

import pandas as pd

_SESSION = ["event_id", "session"]
_DRIVER = [*_SESSION, "driver_id"]
# Time penalties and cars of equal pace move a few places; more than this is another race's order.
_MOST_PLACES_OFF = 3.0
RESULTS = {"R": "race_results", "S": "sprint_results"}


def classified(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Who was classified in races and sprints: place and laps, with `session`."""
    columns = ["event_id", "driver_id", "position", "laps"]
    parts = [
        tables[name].loc[tables[name]["classified"].eq(True), columns].assign(session=session)
        for session, name in RESULTS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def falling_tyre_ages(laps: pd.DataFrame) -> list[tuple[str, str, str]]:
    """(event, session, line) where a tyre grows younger within a stint."""
    rows = laps[laps["tyre_age"].notna()].sort_values([*_DRIVER, "lap"])
    stint = [rows[name] for name in (*_DRIVER, "stint")]
    falls = rows["tyre_age"].groupby(stint).diff() < 0
    wrong = rows[falls.fillna(False).astype(bool)]
    return [
        (r.event_id, r.session, f"the tyres of {r.driver_id} grow younger on lap {r.lap}")
        for r in wrong.drop_duplicates(_DRIVER).itertuples()
    ]


def missing_laps(laps: pd.DataFrame, results: pd.DataFrame) -> dict[tuple[str, str], str]:
    """By session one line on the laps that classified drivers completed and that are not there."""
    driven = laps[~laps["generated"]].groupby(_DRIVER)["lap"].nunique().rename("held")
    held = results.merge(laps[_SESSION].drop_duplicates(), on=_SESSION)
    held = held.merge(driven.reset_index(), on=_DRIVER, how="left")
    lacking = (held["laps"] - held["held"].fillna(0)).fillna(0)
    found = {}
    for session, rows in held.assign(lacking=lacking)[lacking > 0].groupby(_SESSION):
        total = int(rows["lacking"].sum())
        drivers = ", ".join(sorted(rows["driver_id"])[:3])
        more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        count, are = ("1 lap", "is") if total == 1 else (f"{total} laps", "are")
        found[session] = f"{count} of {drivers}{more} {are} not there"
    return found


def another_order(laps: pd.DataFrame, results: pd.DataFrame) -> dict[tuple[str, str], str]:
    """By session one line where the last places by the laps are not those of the classification."""
    last = laps[laps["position"].notna()].sort_values("lap").drop_duplicates(_DRIVER, keep="last")
    both = last[[*_DRIVER, "lap", "position"]].merge(
        results.rename(columns={"position": "place"}).drop(columns="laps"), on=_DRIVER
    )
    ranks = both.sort_values(["lap", "position"], ascending=[False, True])
    ranks["by_laps"] = ranks.groupby(_SESSION).cumcount() + 1
    ranks["by_result"] = ranks.groupby(_SESSION)["place"].rank()
    off = (ranks["by_laps"] - ranks["by_result"]).abs().groupby([ranks[n] for n in _SESSION]).mean()
    return {
        session: f"places by the laps are {places:.1f} off the classification on average"
        for session, places in off[off > _MOST_PLACES_OFF].items()
    }
