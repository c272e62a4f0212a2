"""Alembic's entry: migrate on the connection that `migrate.upgrade` hands over."""

from alembic import context

from f1_pipeline.storage.migrate import context_options
from f1_pipeline.storage.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    include_schemas=True,
    transaction_per_migration=False,
    **context_options(connection),
)
context.run_migrations()
