"""What readers need: how often each table was changed, and runs that are asked for from outside."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    create(
        "table_revisions",
        "table_name text, revision bigint, changed_at timestamptz",
        key="table_name",
    )
    create(
        "run_requests",
        """
        request_id text, job text, arguments text, state text, message text null, result text null,
        run_id text null, asked_at timestamptz, taken_at timestamptz null, ended_at timestamptz null
        """,
        key="request_id",
    )


def downgrade() -> None:
    """Runs that were asked for are lost, waiting ones too; revisions count from 1 again."""
    withdraw("table_revisions", "run_requests")
