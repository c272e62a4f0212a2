"""Strategy: the figures of races that laps have shown, by event, and what is fitted to them."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0010"
down_revision = "0009"

_FACT = "source text, tier text"
_VERSIONED = "version bigint, valid_from timestamptz"
_RANGE = "low_ms double, high_ms double"


def upgrade() -> None:
    _figures()
    _fits()


def _figures() -> None:
    create(
        "race_figures",
        f"""
        {_FACT}, event_id text, laps bigint, dry boolean, red_flags bigint, lap_ms double null,
        revision text, {_VERSIONED}
        """,
        key="event_id",
    )
    create(
        "stint_figures",
        f"""
        {_FACT}, event_id text, driver_id text, stint bigint, compound text null, first_lap bigint,
        last_lap bigint, tyre_age bigint null, began_under text, clean_laps bigint,
        pace_ms double null, mean_lap double null, slope_ms double null,
        slope_error_ms double null, {_VERSIONED}
        """,
        key="event_id driver_id stint",
    )
    create(
        "caution_figures",
        f"""
        {_FACT}, event_id text, number bigint, caution text, first_lap bigint, laps bigint,
        {_VERSIONED}
        """,
        key="event_id number",
    )
    create(
        "pit_loss_figures",
        f"""
        {_FACT}, event_id text, caution text, stops bigint, loss_ms double, spread_ms double null,
        {_VERSIONED}
        """,
        key="event_id caution",
    )


def _fits() -> None:
    create(
        "pit_loss",
        f"""
        circuit_id text, caution text, loss_ms double, {_RANGE}, stop_spread_ms double,
        events bigint, stops bigint
        """,
        key="circuit_id caution",
    )
    create(
        "tyre_degradation",
        f"""
        circuit_id text, compound text, wear_ms double, {_RANGE}, offset_ms double, fuel_ms double,
        stints bigint
        """,
        key="circuit_id compound",
    )
    create(
        "neutralisations",
        """
        circuit_id text, caution text, per_race double, low double, high double,
        first_lap_share double, mean_laps double, races bigint
        """,
        key="circuit_id caution",
    )
    create(
        "track_position_cost",
        f"circuit_id text, pass_ms double, {_RANGE}, held bigint",
        key="circuit_id",
    )


def downgrade() -> None:
    """Figures of races and fits are lost: they are computed of laps, or taken from an archive."""
    withdraw("race_figures", "stint_figures", "caution_figures", "pit_loss_figures")
    withdraw("pit_loss", "tyre_degradation", "neutralisations", "track_position_cost")
