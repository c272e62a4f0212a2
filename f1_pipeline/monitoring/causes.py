"""What the calendar does by itself: a season begins, and in some seasons the rules are new.

Cars change over the winter, and what is carried from race to race follows within some races. Such
a drift is told by when it began. Here belong dates and what they explain; what has drifted does
not.
"""

SEASON_START, NEW_RULES = "season start", "new rules"

# Seasons whose technical rules made new cars: hybrid engines; wider cars and tyres; ground effect;
# active aerodynamics and new engines. 2021 trimmed the floor alone and is none.
SEASONS_OF_NEW_RULES = (2014, 2017, 2022, 2026)

# With lower thresholds, what drifted in 2014-2018 began in the first five rounds of a season more
# often than not, and under the new rules of 2017 in the first ten: cars are developed quickly then,
# and form follows.
_ROUNDS = 5
_ROUNDS_OF_NEW_RULES = 10
# The start of a season explains up to twice what changes by itself; in 2014-2018 it never was more.
# Over the winter every team builds a car, so of a team's errors it explains any change.
STARTS_BRING = 2.0


def cause(season: int, round_number: int, may_come_of_winter: bool) -> str | None:
    """The calendar effect behind a drift whose first race was this one, or None.

    `may_come_of_winter`: whether it is no more than the start of a season brings. New rules explain
    any drift.
    """
    if season in SEASONS_OF_NEW_RULES and round_number <= _ROUNDS_OF_NEW_RULES:
        return NEW_RULES
    if round_number <= _ROUNDS and may_come_of_winter:
        return SEASON_START
    return None
