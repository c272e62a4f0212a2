"""Simulation: one driver's plans against the field, over thousands of races that could be.

`setting` is all that a simulation is told, `draws` what chance adds to it, the same for every plan
and every driver. `field` drives the rivals, `entrant` all plans of one car against what they did,
`passing` and `traffic` hold what both obey; `outcome` sums up, and `compare` is what others call.

Times are relative: to a car without deficit, tyre wear and noise that meets the same cautions. What
slows all alike, fuel and cautions, so drops out, and single precision keeps hundredths of a ms.
Lapped cars are ignored: nobody is held up by blue flags. Not here: where the numbers come from.
"""
