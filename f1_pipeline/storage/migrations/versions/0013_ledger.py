"""Versions of features that were replaced before 0006 can be read again: they get its columns."""

from f1_pipeline.storage.migrations.ledger import PRACTICE, widen

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for table, (width, places) in PRACTICE.items():
        widen(table, width, places)


def downgrade() -> None:
    """Nothing is lost: at 0012 the same columns are expected."""
