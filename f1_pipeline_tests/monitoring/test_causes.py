"""Which drift the calendar explains: by the season and the round that it began in."""

import pytest

from f1_pipeline.monitoring.causes import NEW_RULES, SEASON_START, cause


@pytest.mark.parametrize(
    ("season", "round_number", "may_come_of_winter", "expected"),
    [
        (2018, 1, True, SEASON_START),
        (2018, 5, True, SEASON_START),
        (2018, 6, True, None),
        (2018, 1, False, None),
        (2021, 7, True, None),  # the floor alone was trimmed: no new rules
        (2022, 1, False, NEW_RULES),
        (2022, 10, True, NEW_RULES),
        (2022, 11, True, None),
        (2014, 3, True, NEW_RULES),
        (2017, 3, True, NEW_RULES),
        (2026, 3, True, NEW_RULES),
    ],
)
def test_the_calendar_explains_a_drift_by_when_it_began(
    season, round_number, may_come_of_winter, expected
):
    assert cause(season, round_number, may_come_of_winter) == expected
