"""Rows in, answers out: dicts in the shapes of `serving.schemas`. No web, no cache, no SQL."""
