"""The timing tier: laps and what is derived of them; refusals of a service."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    create(
        "laps",
        """
        source text, tier text, event_id text, session text, driver_id text, car_number
        bigint, lap bigint, stint bigint null, lap_ms bigint null, sector1_ms bigint null,
        sector2_ms bigint null, sector3_ms bigint null, starts_at_ms bigint null,
        ends_at_ms bigint null, pit_in_ms bigint null, pit_out_ms bigint null, compound
        text null, tyre_age bigint null, fresh_tyre boolean null, position bigint null,
        track_status text null, speed_i1 double null, speed_i2 double null, speed_fl
        double null, speed_st double null, personal_best boolean null, deleted boolean
        null, deleted_reason text null, generated boolean, accurate boolean null, repaired
        text null, version bigint, valid_from timestamptz
        """,
        key="event_id session driver_id lap",
    )
    create(
        "stints",
        """
        source text, tier text, event_id text, session text, driver_id text, stint bigint,
        compound text null, first_lap bigint, last_lap bigint, laps bigint,
        tyre_age_at_start bigint null, fresh_tyre boolean null, ended_in_pit boolean,
        version bigint, valid_from timestamptz
        """,
        key="event_id session driver_id stint",
    )
    create(
        "weather",
        """
        source text, tier text, event_id text, session text, at_ms bigint, air_temperature
        double null, track_temperature double null, humidity double null, pressure double
        null, rainfall boolean null, wind_direction bigint null, wind_speed double null,
        version bigint, valid_from timestamptz
        """,
        key="event_id session at_ms",
    )
    create(
        "track_status",
        """
        source text, tier text, event_id text, session text, sequence bigint, at_ms
        bigint, status text, message text null, version bigint, valid_from timestamptz
        """,
        key="event_id session sequence",
    )
    create(
        "timing_sessions",
        """
        source text, tier text, event_id text, session text, outcome text, missing text
        null, findings text null, drivers bigint, laps bigint, repaired_laps bigint,
        compared boolean, revision text, version bigint, valid_from timestamptz
        """,
        key="event_id session",
    )
    create(
        "clean_laps",
        """
        event_id text, session text, driver_id text, lap bigint, stint bigint null, lap_ms
        bigint, compound text null, tyre_age bigint null, in_lap boolean, out_lap boolean,
        neutralised boolean, wet boolean, deleted boolean, outlier boolean, clean boolean,
        version bigint, valid_from timestamptz
        """,
        key="event_id session driver_id lap",
    )
    create(
        "race_pace",
        """
        event_id text, session text, driver_id text, stint bigint, compound text null,
        clean_laps bigint, pace_ms double, gap double, slope double null, version bigint,
        valid_from timestamptz
        """,
        key="event_id session driver_id stint",
    )
    create(
        "pit_lane_losses",
        """
        event_id text, session text, driver_id text, lap bigint, caution text, pit_lane_ms
        bigint null, reference_ms double, loss_ms double, usable boolean, version bigint,
        valid_from timestamptz
        """,
        key="event_id session driver_id lap",
    )
    create(
        "refusals",
        "service text, reason text, account text, since timestamptz, checked_at timestamptz",
        key="service",
    )


def downgrade() -> None:
    """Laps and what is derived of them are lost: `take_in` reads the recordings again. What is
    known of refusals is forgotten, and the services are asked once more.
    """
    withdraw("laps", "stints", "weather", "track_status", "timing_sessions", "clean_laps")
    withdraw("race_pace", "pit_lane_losses", "refusals")
