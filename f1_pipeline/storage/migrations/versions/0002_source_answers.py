"""What the upstreams answered, the request budget of all processes, signs of life of runs."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create(
        "source_answers",
        """
        kind text, key text, version bigint, season bigint, revision text, content text,
        row_count bigint, first_seen_at timestamptz, last_seen_at timestamptz,
        superseded_at timestamptz null, published_at timestamptz null, run_id text
        """,
        key="kind key version",
    )
    create(
        "requests",
        "request_id text, service text, sent_at timestamptz",
        key="request_id",
    )
    create("request_pauses", "service text, until timestamptz", key="service")
    create("run_heartbeats", "run_id text, beat_at timestamptz", key="run_id")


def downgrade() -> None:
    """Answers are lost, and with them what was corrected late: seasons have to be asked for again.

    So are the requests of the last hour: count them against the services' limits by hand.
    """
    withdraw("source_answers", "requests", "request_pauses", "run_heartbeats")
