"""A small upstream of the tests' own: it answers as the Ergast API does, from an archive's facts.

`names` and `facts` put an archive into the API's words, `edits` changes them after the fact,
`answers` makes the documents, `faults` and `control` hold what a test may set, `server` speaks
HTTP on loopback. Nothing of it is known to the package that is tested.
"""

from f1_pipeline_tests.upstream.server import Upstream, serving

__all__ = ["Upstream", "serving"]
