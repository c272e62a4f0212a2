"""What forecasts have been worth, and what the parts of the recipe are."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    create(
        "track_record",
        """
        period text, tier text, horizon text, grid_source text, against text, metric text,
        first_season bigint, last_season bigint, races bigint, value double null, reference double
        null, difference double null, low double null, high double null
        """,
        key="period tier horizon grid_source against metric",
    )
    create(
        "study_scores",
        """
        study text, case text, event_id text, horizon text, grid_source text, win_top1 double null,
        win_ll double null, podium_p3 double null, podium_ll double null, points_p10 double null,
        points_ll double null, spearman double null, mae double null, rps double null, fingerprint
        text
        """,
        key="study case event_id horizon grid_source",
    )


def downgrade() -> None:
    """Track record and studies are lost: both are computed again, studies in twenty minutes."""
    withdraw("track_record", "study_scores")
