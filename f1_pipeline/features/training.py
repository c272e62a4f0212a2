"""`training_set`: race features of the races held, with their outcome."""

import pandas as pd

from f1_pipeline.features.timeline import KEY, Tables, outcomes


def training_set(race_features: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Race features joined to the outcome: contract `training_set`. Reads `race_results` only.

    A driver of the field who has no result, or did not start, counts as a retirement and is
    placed last. Events that are not held yet are left out.
    """
    field = race_features[KEY].drop_duplicates()
    return race_features.merge(outcomes(field, tables["race_results"]), on=KEY)
