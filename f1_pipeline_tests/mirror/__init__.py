"""A small upstream of the tests' own: all that FastF1 asks for, from an archive's facts.

`answers` makes the documents of the Ergast API, `amendments` changes a result after the fact,
`schedule` is FastF1's calendar, `timing` gives the files of the timing host: `laps` and `races`
make up what was driven, `streams` puts it in the wire's form. `server` speaks HTTP, with faults on
demand. What there is of a session appears once its end has passed the instant `until`. An amended
result leaves laps and timing as they are, as in reality.
"""

from f1_pipeline_tests.mirror.server import Mirror, serving

__all__ = ["Mirror", "serving"]
