"""A small upstream of the tests' own: answers as the Ergast API would, from an archive's facts.

`answers` makes the documents, `amendments` changes a result after the fact, `server` speaks HTTP,
with faults on demand. Rows of a session appear once its end has passed the instant `until`.
"""

from f1_pipeline_tests.mirror.server import Mirror, serving

__all__ = ["Mirror", "serving"]
