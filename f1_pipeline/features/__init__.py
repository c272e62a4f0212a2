"""Features as of an event: pure functions from the tables of facts to what a model may know.

`driver_form`, `team_form`, `circuit_patterns` and `lap_form` carry state from earlier events;
`race_features` joins them with what the weekend has shown by each horizon's cut-off; `training_set`
adds the outcome. `compute_as_seen` gives each event the versions of the tables that its time knew.
Not here: fitting (modelling), storage, Dagster.
"""

from f1_pipeline.features.as_seen import AS_SEEN, compute_as_seen
from f1_pipeline.features.circuits import circuit_patterns
from f1_pipeline.features.cutoffs import LAST_PRACTICE
from f1_pipeline.features.drivers import driver_form
from f1_pipeline.features.pace import lap_form
from f1_pipeline.features.races import race_features
from f1_pipeline.features.teams import team_form
from f1_pipeline.features.timeline import Tables
from f1_pipeline.features.training import training_set

__all__ = [
    "AS_SEEN",
    "LAST_PRACTICE",
    "Tables",
    "circuit_patterns",
    "compute_as_seen",
    "driver_form",
    "lap_form",
    "race_features",
    "team_form",
    "training_set",
]
