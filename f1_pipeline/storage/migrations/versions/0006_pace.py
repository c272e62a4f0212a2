"""Features of what practice and laps have shown."""

from f1_pipeline.storage.migrations.ddl import add, create, drop, remake, remove, withdraw
from f1_pipeline.storage.migrations.ledger import PRACTICE, narrow

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for table in ("driver_form", "team_form"):
        add(table, "practice_form double null, practice_gap_form double null")
    for table in ("race_features", "training_set"):
        add(
            table,
            """
            practice_last_gap double null, practice_rank double null, practice_best_rank double
            null, practice_mean_rank double null, practice_teammate double null, practice_team_gap
            double null, practice_form double null, practice_gap_form double null,
            team_practice_form double null, team_practice_gap_form double null, race_pace_form
            double null, teammate_race_pace double null, team_race_pace_form double null
            """,
        )
    create(
        "lap_form",
        """
        event_id text, driver_id text, race_pace_form double null, teammate_race_pace double null,
        team_race_pace_form double null, version bigint, valid_from timestamptz
        """,
        key="event_id driver_id",
    )
    # Its key grows; what it held was made from fewer features and would be made again anyway.
    drop("backtest_predictions")
    create(
        "backtest_predictions",
        """
        event_id text, season bigint, round bigint, driver_id text, constructor_id text,
        horizon text, p_win double, p_podium double, p_points double, p_dnf double,
        expected_position double, position_p05 bigint, position_p95 bigint,
        position_probabilities json, grid_position bigint null, grid_source text, model
        text, tier text, model_version text, fingerprint text, finish_order bigint, classified
        boolean, retired boolean
        """,
        key="event_id driver_id horizon grid_source model tier",
    )


def downgrade() -> None:
    """What practice and laps have shown is lost in features, and the backtest of the tier timing:
    both are computed again.
    """
    withdraw("lap_form")
    for table, (width, places) in PRACTICE.items():
        narrow(table, width, places)
    for table in ("driver_form", "team_form"):
        remove(table, "practice_form practice_gap_form")
    for table in ("race_features", "training_set"):
        remove(
            table,
            """
            practice_last_gap practice_rank practice_best_rank practice_mean_rank
            practice_teammate practice_team_gap practice_form practice_gap_form
            team_practice_form team_practice_gap_form race_pace_form teammate_race_pace
            team_race_pace_form
            """,
        )
    remake(
        "backtest_predictions",
        """
        event_id text, season bigint, round bigint, driver_id text, constructor_id text,
        horizon text, p_win double, p_podium double, p_points double, p_dnf double,
        expected_position double, position_p05 bigint, position_p95 bigint,
        position_probabilities json, grid_position bigint null, grid_source text, model
        text, model_version text, fingerprint text, finish_order bigint, classified boolean,
        retired boolean
        """,
        key="event_id driver_id horizon grid_source model",
        where="tier = 'results'",
    )
