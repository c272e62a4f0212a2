"""Documents of past races, which are alike, the index of them, and stories."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0012"
down_revision = "0011"

_DOCUMENT = """
    document_id text, event_id text, season bigint, round bigint, circuit_id text,
    grand_prix_id text, country text null, circuit_type text, wet boolean null,
    red_flags bigint null, safety_cars bigint null, virtual_safety_cars bigint null, text text,
"""


def upgrade() -> None:
    create(
        "driver_documents",
        _DOCUMENT
        + """
        driver_id text, constructor_id text, nationality text null, outcome text, reason text null,
        start text null, end text null, compounds text null, grid bigint null,
        finish bigint null, gained bigint null, points double null, stops bigint null,
        first_stop bigint null, pit_lane boolean, retired boolean, won boolean, podium boolean,
        scored boolean, pole boolean, front_row boolean, last_on_grid boolean,
        last_at_finish boolean, home boolean, version bigint, valid_from timestamptz
        """,
        key="event_id driver_id",
    )
    create(
        "race_documents",
        _DOCUMENT
        + """
        retirements bigint null, drivers bigint null, typical_stops double null,
        winner text null,
        winner_constructor text null, winner_grid bigint null, podium text null, pole text null,
        version bigint, valid_from timestamptz
        """,
        key="event_id",
    )
    create(
        "alike_races",
        """
        event_id text, rank bigint, like_event_id text, likeness double, known bigint, shared text,
        version bigint, valid_from timestamptz
        """,
        key="event_id rank",
    )
    create(
        "search_index",
        "version text, documents bigint, terms bigint, artifact_sha256 text",
        key="version",
    )
    create(
        "stories",
        """
        event_id text, driver_id text, kind text, text text, wording text,
        language_model text null, reason text null, kept_as text, version bigint,
        valid_from timestamptz
        """,
        key="event_id kind driver_id",
    )


def downgrade() -> None:
    """Documents, the index of them and stories are lost: all of it is computed from other tables.

    Stories in a language model's words are asked for again, and paid for again.
    """
    withdraw("driver_documents", "race_documents", "alike_races", "search_index", "stories")
