"""Published predictions against the race result."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    create(
        "scored_predictions",
        """
        event_id text, season bigint, round bigint, horizon text, run_id text, model_version
        text, data_version text, tier text, grid_source text null, status text, generated_at
        timestamptz, drivers bigint, win_top1 double null, win_ll double null, podium_p3
        double null, podium_ll double null, points_p10 double null, points_ll double null,
        spearman double null, mae double null, rps double null, version bigint, valid_from
        timestamptz
        """,
        key="event_id horizon run_id",
    )


def downgrade() -> None:
    """Scores are lost: they are computed again of forecasts and results."""
    withdraw("scored_predictions")
