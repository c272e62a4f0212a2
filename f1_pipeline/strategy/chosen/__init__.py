"""What teams chose: stops, laps and compounds of past races, and what they let one expect.

`made` reads off what was done, `levels` expects the number of stops of a race and which past races
it will be like, `first_stop` when the first one comes, `expected` puts them together for one race:
chances of plans by place on the grid, and plans drawn for the rivals. Choices of form (effects, the
width of a neighbourhood on the grid) were made on the seasons 2012 to 2018; all weights are
estimated from the races that are passed in. Not here: what a plan is worth (simulation).
"""

from f1_pipeline.strategy.chosen.expected import Chosen, expect_choices
from f1_pipeline.strategy.chosen.made import choices, made

__all__ = ["Chosen", "choices", "expect_choices", "made"]
