"""The read API and the pages: published rows, cached by table revision. It holds no model.

It sees the tables through `storage.reader` and nothing else of the pipeline, so that nothing that
is computed there can slow it down, and it needs neither Dagster nor pandas.
"""
