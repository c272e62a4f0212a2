"""Fits: what the figures of earlier races let one expect of the next one, with 80 % intervals.

`pit_loss`, `tyres`, `neutralisations` and `track_position` each give, by `fit`, the rows of one
table for all circuits of the events that are passed in. Who calls cuts the figures: what is passed
in counts as known. No constant is chosen by a score: variances are estimated from the figures
(`components`), and what cannot be is fixed by a reason that stands beside it.

`fuel` tells what a car gains lap by lap, `stints` which stints count and as what compound,
`truncated` keeps above 0 what cannot be negative, `rows` reads figures and writes contracts. Not
here: figures (strategy.figures), simulated races, SQL, Dagster.
"""

from f1_pipeline.strategy.fits import neutralisations, pit_loss, track_position, tyres

__all__ = ["neutralisations", "pit_loss", "track_position", "tyres"]
