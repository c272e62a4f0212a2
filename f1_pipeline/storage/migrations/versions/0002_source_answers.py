"""What the upstreams answered, the request budget of all processes, signs of life of runs."""

from f1_pipeline.storage.migrations.ddl import create

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
