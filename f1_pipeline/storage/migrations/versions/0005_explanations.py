"""Why a published prediction is what it is."""

from f1_pipeline.storage.migrations.ddl import create, withdraw

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    create(
        "explanations",
        """
        event_id text, driver_id text, horizon text, run_id text, factor text, contribution
        double, words text null
        """,
        key="event_id driver_id horizon run_id factor",
    )


def downgrade() -> None:
    """Explanations are lost for good: those of a forecast are made beside it."""
    withdraw("explanations")
