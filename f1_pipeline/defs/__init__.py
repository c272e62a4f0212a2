"""Dagster objects only, one module per layer, in the order of the flow.

An asset here reads its inputs, calls a pure function of its layer and publishes the answer. What
is computed is never decided here, and nothing imports this package but `definitions` and the CLI.
"""

import warnings

import dagster as dg

# Dagster says at every start that this parameter may still change; it is the one beta that is used
# (a season of predictions in one run), and the definitions are tested against the pinned release.
warnings.filterwarnings("ignore", "Parameter `backfill_policy`", dg.BetaWarning)
