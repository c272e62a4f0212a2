"""Growth, measured: seasons that never were, as many as are asked for, and what they cost.

`python -m f1_pipeline_tests.scale` draws 1, 3, 10, 30 and 100 times the archive and prints what
each stage takes of it, beside n·log n. `plan` says how a size is made; `seasons`, `cars` and
`sheets` draw it; `stages` and `reading` are what is measured, `measuring` runs it, `growth` is the
arithmetic. What came out is in docs/scale.md.
"""
