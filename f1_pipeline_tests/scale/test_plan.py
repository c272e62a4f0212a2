"""How a size is laid out: as many events as asked, in years that the contracts know."""

from collections import Counter

import pytest

from f1_pipeline_tests.scale.plan import ARCHIVE_EVENTS, plan


@pytest.mark.parametrize("events", [3, 24, 25, 353, 1059, 3530, 3625, 10_590, 35_300])
def test_a_plan_holds_as_many_events_as_asked(events: int) -> None:
    seasons = plan(events)
    assert sum(season.rounds for season in seasons) == events
    assert all(1 <= season.rounds <= 24 for season in seasons)
    assert all(1950 <= season.year <= 2100 for season in seasons)
    assert max(Counter((season.series, season.year) for season in seasons).values()) == 1


def test_the_archive_once_is_one_series_of_fifteen_seasons() -> None:
    seasons = plan(ARCHIVE_EVENTS)
    assert [season.year for season in seasons] == [*range(2010, 2025)]
    assert {season.series for season in seasons} == {0}


@pytest.mark.parametrize(("times", "series"), [(10, 1), (30, 3), (100, 10)])
def test_beyond_ten_times_series_race_side_by_side(times: int, series: int) -> None:
    seasons = plan(times * ARCHIVE_EVENTS)
    assert {season.series for season in seasons} == {*range(series)}
    assert {season.side_by_side for season in seasons} == {series}
    last = {number: max(s.year for s in seasons if s.series == number) for number in range(series)}
    assert len({*last.values()}) == 1


def test_sprints_come_late_in_a_series_under_one_set_of_rules_after_the_other() -> None:
    formats = [season.sprint_format for season in plan(16 * 24)]
    assert formats[:11] == [None] * 11
    assert formats[11:] == [
        *("sprint", "sprint"), "sprint_shootout", *("sprint_qualifying", "sprint_qualifying"),
    ]  # fmt: skip


def test_what_has_no_race_to_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="2 events"):
        plan(2)
