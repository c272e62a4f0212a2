import pytest

from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy.rules import ROWS, Row, Rules, rules_of


@pytest.mark.parametrize(
    ("event", "season", "rules"),
    [
        ("2007-australia", 2007, Rules(2, 1, None)),
        ("2024-monaco", 2024, Rules(2, 1, None)),
        ("2025-monaco", 2025, Rules(2, 2, None)),
        ("2026-monaco", 2026, Rules(2, 1, None)),
        ("2023-qatar", 2023, Rules(2, 1, 18)),
        ("2024-qatar", 2024, Rules(2, 1, None)),
        ("2025-qatar", 2025, Rules(2, 1, 25)),
    ],
)
def test_rules_of_events(event, season, rules):
    assert rules_of(event, season) == rules


def test_a_season_without_rules_of_tyres_is_refused():
    with pytest.raises(PipelineError, match="2006 is before"):
        rules_of("2006-monaco", 2006)


def test_a_row_more_is_a_rule_more():
    rows = (*ROWS, Row("2027-monaco", "stops", 2, "made up"))
    assert rules_of("2027-monaco", 2027, rows).stops == 2


def test_every_row_says_where_it_is_from():
    assert all(row.source for row in ROWS)
    assert len({(row.event_id, row.field) for row in ROWS}) == len(ROWS)
