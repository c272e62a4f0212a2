"""The first schema: results tier, features, model, predictions, and the version ledger."""

from alembic import op

from f1_pipeline.storage.migrations.ddl import create, drop, prefix, withdraw
from f1_pipeline.storage.schema import current_predictions_ddl

revision = "0001"
down_revision = None


def upgrade() -> None:
    create(
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
    )
    create(
        "circuit_patterns",
        """
        event_id text, season bigint, round bigint, circuit_id text, races_held bigint,
        retirement_rate double null, recent_retirement_rate double null, grid_decides double
        null, pole_win_rate double null, places_moved double null, version bigint,
        valid_from timestamptz
        """,
        key="event_id",
    )
    create(
        "circuits",
        """
        circuit_id text, name text, full_name text null, circuit_type text, place text null,
        country text null, latitude double null, longitude double null
        """,
        key="circuit_id",
    )
    create(
        "constructor_lineage",
        "constructor_id text, season_from bigint, season_to bigint null, lineage_id text",
        key="constructor_id season_from",
    )
    create(
        "constructors",
        "constructor_id text, name text, full_name text null, country text null",
        key="constructor_id",
    )
    create(
        "driver_form",
        """
        event_id text, season bigint, round bigint, driver_id text, constructor_id text,
        starts bigint, finish_form double null, finish_level double null, grid_form double
        null, grid_gain double null, qualifying_gap_form double null, teammate_qualifying
        double null, teammate_finish double null, retirement_rate double null, win_rate
        double null, podium_rate double null, points_rate double null, last_finish bigint
        null, championship_position bigint null, championship_points double null,
        championship_share double null, previous_position bigint null, version bigint,
        valid_from timestamptz
        """,
        key="event_id driver_id",
    )
    create(
        "drivers",
        """
        driver_id text, name text, code text null, date_of_birth text null, nationality text
        null
        """,
        key="driver_id",
    )
    create(
        "entries",
        """
        source text, tier text, event_id text, driver_id text, constructor_id text,
        engine_id text null, car_number bigint null, role text, version bigint, valid_from
        timestamptz
        """,
        key="event_id driver_id",
    )
    create(
        "events",
        """
        source text, tier text, event_id text, season bigint, round bigint, grand_prix_id
        text, name text, official_name text null, circuit_id text, layout_id text null,
        course_length_km double null, turns bigint null, planned_laps bigint null, format
        text, fp1_starts_at timestamptz null, fp2_starts_at timestamptz null, fp3_starts_at
        timestamptz null, qualifying_starts_at timestamptz null, sprint_qualifying_starts_at
        timestamptz null, sprint_starts_at timestamptz null, race_starts_at timestamptz,
        race_time_known boolean, version bigint, valid_from timestamptz
        """,
        key="event_id",
    )
    create(
        "models",
        """
        model_version text, recipe text, data_version text, first_event text, last_event
        text, races bigint, artifact_sha256 text, stage text, created_at timestamptz,
        promoted_at timestamptz
        """,
        key="model_version",
    )
    create(
        "pit_stops",
        """
        source text, tier text, event_id text, driver_id text, constructor_id text, stop
        bigint, lap bigint, pit_lane_ms bigint null, version bigint, valid_from timestamptz
        """,
        key="event_id driver_id stop",
    )
    create(
        "practice_results",
        """
        source text, tier text, event_id text, session text, driver_id text, constructor_id
        text, position bigint, best_ms bigint null, laps bigint null, version bigint,
        valid_from timestamptz
        """,
        key="event_id session driver_id",
    )
    create(
        "qualifying_results",
        """
        source text, tier text, event_id text, session text, driver_id text, constructor_id
        text, qualifying_order bigint, position bigint null, position_text text, q1_ms
        bigint null, q2_ms bigint null, q3_ms bigint null, version bigint, valid_from
        timestamptz
        """,
        key="event_id session driver_id",
    )
    create(
        "quarantine",
        """
        quarantine_id text, table_name text, event_id text null, reason text, row_json text,
        run_id text, quarantined_at timestamptz, resolved_at timestamptz null
        """,
        key="quarantine_id",
    )
    create(
        "race_features",
        """
        event_id text, season bigint, round bigint, race_starts_at timestamptz, driver_id
        text, constructor_id text, horizon text, grid_source text, field_size bigint,
        course_length_km double null, grid_place bigint null, pit_lane double null,
        qualifying_order bigint null, qualifying_gap double null, qualifying_teammate double
        null, sprint_order bigint null, practice_gap double null, practice_best_gap double
        null, starts bigint null, finish_form double null, finish_level double null,
        finish_form_rank double null, grid_form double null, grid_gain double null,
        qualifying_gap_form double null, qualifying_form_rank double null,
        teammate_qualifying double null, teammate_finish double null, retirement_rate double
        null, win_rate double null, podium_rate double null, points_rate double null,
        last_finish bigint null, championship_position bigint null, championship_points
        double null, championship_share double null, previous_position bigint null,
        team_races bigint null, team_finish_form double null, team_grid_form double null,
        team_qualifying_gap_form double null, team_qualifying_gap_season double null,
        team_pace_rank double null, team_retirement_rate double null, team_points_share
        double null, team_championship_position bigint null, team_previous_position bigint
        null, circuit_races_held bigint null, circuit_retirement_rate double null,
        circuit_recent_retirement_rate double null, circuit_grid_decides double null,
        circuit_pole_win_rate double null, circuit_places_moved double null, version bigint,
        valid_from timestamptz
        """,
        key="event_id driver_id horizon grid_source",
    )
    create(
        "race_predictions",
        """
        event_id text, season bigint, round bigint, driver_id text, constructor_id text,
        horizon text, p_win double, p_podium double, p_points double, p_dnf double,
        expected_position double, position_p05 bigint, position_p95 bigint,
        position_probabilities json, driver_code text null, grid_position bigint null,
        grid_source text null, tier text, degraded_reason text null, model_version text,
        data_version text, run_id text, generated_at timestamptz, event_starts_at
        timestamptz
        """,
        key="event_id driver_id horizon run_id",
    )
    create(
        "race_results",
        """
        source text, tier text, event_id text, driver_id text, constructor_id text, position
        bigint null, finish_order bigint, classified boolean, outcome text, retired boolean,
        reason_retired text null, grid_position bigint null, laps bigint null, time_ms
        bigint null, points double, fastest_lap boolean, version bigint, valid_from
        timestamptz
        """,
        key="event_id driver_id",
    )
    create(
        "sprint_results",
        """
        source text, tier text, event_id text, driver_id text, constructor_id text, position
        bigint null, finish_order bigint, classified boolean, outcome text, grid_position
        bigint null, laps bigint null, time_ms bigint null, points double, version bigint,
        valid_from timestamptz
        """,
        key="event_id driver_id",
    )
    create(
        "standings",
        """
        event_id text, championship text, competitor_id text, position bigint, points
        double, wins bigint, version bigint, valid_from timestamptz
        """,
        key="event_id championship competitor_id",
    )
    create(
        "starting_grids",
        """
        source text, tier text, event_id text, driver_id text, constructor_id text,
        grid_order bigint, grid_position bigint null, pit_lane boolean, version bigint,
        valid_from timestamptz
        """,
        key="event_id driver_id",
    )
    create(
        "table_versions",
        """
        table_name text, event_id text, version bigint, content_hash text, valid_from
        timestamptz, published_at timestamptz, superseded_at timestamptz null, run_id text,
        row_count bigint, rows text null
        """,
        key="table_name event_id version",
    )
    create(
        "team_form",
        """
        event_id text, season bigint, round bigint, constructor_id text, lineage_id text,
        races bigint, finish_form double null, grid_form double null, qualifying_gap_form
        double null, qualifying_gap_season double null, retirement_rate double null,
        points_share double null, championship_position bigint null, previous_position
        bigint null, version bigint, valid_from timestamptz
        """,
        key="event_id constructor_id",
    )
    create(
        "training_set",
        """
        event_id text, season bigint, round bigint, race_starts_at timestamptz, driver_id
        text, constructor_id text, horizon text, grid_source text, field_size bigint,
        course_length_km double null, grid_place bigint null, pit_lane double null,
        qualifying_order bigint null, qualifying_gap double null, qualifying_teammate double
        null, sprint_order bigint null, practice_gap double null, practice_best_gap double
        null, starts bigint null, finish_form double null, finish_level double null,
        finish_form_rank double null, grid_form double null, grid_gain double null,
        qualifying_gap_form double null, qualifying_form_rank double null,
        teammate_qualifying double null, teammate_finish double null, retirement_rate double
        null, win_rate double null, podium_rate double null, points_rate double null,
        last_finish bigint null, championship_position bigint null, championship_points
        double null, championship_share double null, previous_position bigint null,
        team_races bigint null, team_finish_form double null, team_grid_form double null,
        team_qualifying_gap_form double null, team_qualifying_gap_season double null,
        team_pace_rank double null, team_retirement_rate double null, team_points_share
        double null, team_championship_position bigint null, team_previous_position bigint
        null, circuit_races_held bigint null, circuit_retirement_rate double null,
        circuit_recent_retirement_rate double null, circuit_grid_decides double null,
        circuit_pole_win_rate double null, circuit_places_moved double null, finish_order
        bigint, classified boolean, retired boolean, started boolean, version bigint,
        valid_from timestamptz
        """,
        key="event_id driver_id horizon grid_source",
    )
    op.execute(current_predictions_ddl(op.get_bind().dialect.name))


def downgrade() -> None:
    """All is lost: an empty database is left, but for the table in which revisions are kept."""
    op.execute(f"DROP VIEW {prefix()}current_predictions")
    withdraw(
        "backtest_predictions",
        "circuit_patterns",
        "circuits",
        "constructor_lineage",
        "constructors",
        "driver_form",
        "drivers",
        "entries",
        "events",
        "models",
        "pit_stops",
        "practice_results",
        "qualifying_results",
        "quarantine",
        "race_features",
        "race_predictions",
        "race_results",
        "sprint_results",
        "standings",
        "starting_grids",
        "team_form",
        "training_set",
    )
    drop("table_versions")
