"""What each horizon may see of its own event: the sessions that have ended by its cut-off.

`pre_weekend` sees nothing of the weekend; `post_practice` what ran up to the last practice before
the session that sets the race grid; `post_qualifying` what ran up to the session that sets
the race grid: qualifying, or the sprint in 2021 and 2022. In 2023 the sprint followed qualifying,
so it is out of sight there; since 2024 it comes before.
"""

import pandas as pd

_SESSIONS = {
    "pre_weekend": {},
    "post_practice": {
        "conventional": ("FP1", "FP2", "FP3"),
        # The sprint sets the grid, so the qualifying for it has been seen.
        "sprint": ("FP1", "Q", "FP2"),
        "sprint_shootout": ("FP1",),
        "sprint_qualifying": ("FP1",),
    },
    "post_qualifying": {
        "conventional": ("FP1", "FP2", "FP3", "Q"),
        "sprint": ("FP1", "Q", "FP2", "S"),
        "sprint_shootout": ("FP1", "Q"),
        "sprint_qualifying": ("FP1", "SQ", "S", "Q"),
    },
}

# The practice with which that horizon ends, by format.
LAST_PRACTICE = {
    "conventional": "FP3",
    "sprint": "FP2",
    "sprint_shootout": "FP1",
    "sprint_qualifying": "FP1",
}
GRIDS = {
    "pre_weekend": ("none",),
    "post_practice": ("none",),
    "post_qualifying": ("official", "qualifying"),
}


def seen(events: pd.DataFrame, horizon: str, session: str) -> "pd.Series[bool]":
    """Which events (rows with `format`) have run the session by the horizon's cut-off."""
    formats = [name for name, ran in _SESSIONS[horizon].items() if session in ran]
    return events["format"].isin(formats)


def grid_session(events: pd.DataFrame) -> "pd.Series[str]":
    """The session whose order is the race grid before penalties: S in 2021 and 2022, else Q."""
    return events["format"].map({"sprint": "S"}).fillna("Q")
