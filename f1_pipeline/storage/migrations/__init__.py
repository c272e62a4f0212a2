"""Migrations of the project's tables, in order; env.py is run by `migrate.upgrade`."""
