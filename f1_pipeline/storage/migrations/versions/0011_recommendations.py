"""Recommendations, what was done and what they were worth; fits say what their users need of them.

Two fits get a column that is never empty. Nothing was published in them before: they are made anew.
"""

from f1_pipeline.storage.migrations.ddl import create, drop, remove, withdraw

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    _fits()
    _published()
    _judged()


def _fits() -> None:
    drop("tyre_degradation")
    create(
        "tyre_degradation",
        """
        circuit_id text, compound text, wear_ms double, low_ms double, high_ms double,
        offset_ms double, offset_error_ms double, fuel_ms double, stints bigint
        """,
        key="circuit_id compound",
    )
    drop("track_position_cost")
    create(
        "track_position_cost",
        """
        circuit_id text, pass_ms double, scale_ms double, low_ms double, high_ms double,
        held bigint
        """,
        key="circuit_id",
    )


def _published() -> None:
    create(
        "recommendations",
        """
        event_id text, driver_id text, run_id text, season bigint, round bigint,
        constructor_id text, rank bigint, plan text, stops bigint, chosen_share double,
        expected_position double, expected_points double, p_gain double, p_lose double,
        difference double, difference_error double, difference_low double, difference_high double,
        clear boolean, window_first json, window_last json, grid_position bigint, grid_source text,
        pit_lane boolean, dry_races bigint, circuit_races bigint, draws bigint,
        experimental boolean, data_version text, generated_at timestamptz,
        event_starts_at timestamptz
        """,
        key="event_id driver_id run_id rank",
    )
    create(
        "caution_advice",
        """
        event_id text, driver_id text, run_id text, phase bigint, first_lap bigint,
        last_lap bigint, advice text, difference double null, difference_error double null,
        draws bigint
        """,
        key="event_id driver_id run_id phase",
    )


def _judged() -> None:
    create(
        "scored_recommendations",
        """
        event_id text, driver_id text, run_id text, season bigint, round bigint, plan text,
        actual_stops bigint, actual_first_stop bigint null, actual_sequence text null,
        stops_right boolean, first_stop_error bigint null, sequence_right boolean null,
        status text, generated_at timestamptz, version bigint, valid_from timestamptz
        """,
        key="event_id driver_id run_id",
    )
    create(
        "strategy_backtest",
        """
        event_id text, season bigint, round bigint, driver_id text, plan text, stops bigint,
        first_stop bigint, first_of_one bigint, sequence text, last_stops bigint,
        edition_stops bigint, edition_first_stop bigint, edition_sequence text,
        constant_first_stop bigint, constant_sequence text, actual_stops bigint,
        actual_first_stop bigint null, actual_sequence text null, p_actual double,
        regret_ms double null, fingerprint text
        """,
        key="event_id driver_id",
    )


def downgrade() -> None:
    """Recommendations, advice and their scores are lost for good, as they were made before a race.
    The fits keep their rows and lose a column each, which a fit fills again.
    """
    remove("tyre_degradation", "offset_error_ms")
    remove("track_position_cost", "scale_ms")
    withdraw("recommendations", "caution_advice", "scored_recommendations", "strategy_backtest")
