"""The colour of each team, 2010 to 2026, for bars and swatches. Never for text.

A colour is the team's own as it was painted or broadcast, so no claim is made that it stands out
from the page: whatever is filled with it carries an outline that does, and says its team in words.
"""

UNKNOWN = "#8a94a0"
# By constructor id; where a team changed its colour under one name, the season it did so.
_COLOURS: dict[str, dict[int, str]] = {
    "alfa-romeo": {2019: "#a6192e", 2023: "#c92d4b"},
    "alphatauri": {2020: "#33568f", 2023: "#5e8faa"},
    "alpine": {2021: "#0090ff", 2024: "#ff87bc", 2025: "#00a1e8"},
    "aston-martin": {2021: "#0a7059", 2024: "#229971"},
    "audi": {2026: "#f50537"},
    "cadillac": {2026: "#aaaaad"},
    "caterham": {2012: "#0f7a3d"},
    "ferrari": {2010: "#dc0000", 2023: "#e8002d"},
    "force-india": {2010: "#ff8f1c", 2017: "#f596c8"},
    "haas": {2016: "#8c8f93", 2019: "#bd9e57", 2020: "#8c8f93", 2023: "#b6babd"},
    "hrt": {2010: "#7a6a4f", 2012: "#b2945e"},
    "kick-sauber": {2024: "#52e252"},
    "lotus-f1": {2012: "#c9a74a"},
    "lotus-racing": {2010: "#1a7f3c"},
    "manor": {2016: "#1f5fbf"},
    "marussia": {2012: "#c4161c"},
    "mclaren": {2010: "#c2c6ca", 2015: "#6e7781", 2017: "#ff8000"},
    "mercedes": {2010: "#a8b0b5", 2014: "#00d2be", 2023: "#27f4d2"},
    "racing-bulls": {2025: "#6692ff"},
    "racing-point": {2019: "#f596c8"},
    "rb": {2024: "#6692ff"},
    "red-bull": {2010: "#1e3a8a", 2023: "#3671c6"},
    "renault": {2010: "#f2c500"},
    "sauber": {2010: "#9aa3ab", 2015: "#1565c0", 2018: "#9b0000"},
    "toro-rosso": {2010: "#24408e", 2017: "#1668dc"},
    "virgin": {2010: "#b5121b"},
    "williams": {2010: "#1b3f8b", 2014: "#37a6e6", 2020: "#0a82dc", 2023: "#64c4ff"},
}


def colour_of(constructor_id: str, season: int) -> str:
    """The team's colour in a season; a neutral one for a team that is not known."""
    painted = _COLOURS.get(constructor_id)
    if painted is None:
        return UNKNOWN
    return painted[max((first for first in painted if first <= season), default=min(painted))]
