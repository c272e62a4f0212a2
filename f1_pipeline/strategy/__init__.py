"""Strategy: what races were, as laps have shown it, and what can be expected of the next one.

Here belong the figures of races and what is fitted to them: pure functions over pandas. Not here:
the tables of laps that figures are computed from (tables.timing), the archive that they ship with
(sources.archive), and forecasts of results (modelling).
"""
