"""The registry of fits: which model is in force is a row, not the newest file."""

import pandera.pandas as pa

from f1_pipeline.contracts.base import EVENT_ID, Integer, Table, Timestamp, contract


@contract(layer="model", key=("model_version",))
class Models(Table):
    """Every fit that was stored: what it was made from, where it lies, whether it is in force."""

    model_version: str = pa.Field(description="hash of recipe and training data")
    recipe: str = pa.Field(description="hash of parameters, features and code version")
    data_version: str = pa.Field(description="hash of the training set")
    first_event: str = pa.Field(str_matches=EVENT_ID, description="first race trained on")
    last_event: str = pa.Field(str_matches=EVENT_ID, description="last race trained on")
    races: Integer = pa.Field(ge=1, description="races trained on")
    artifact_sha256: str = pa.Field(description="hash of the artifact's files, checked on load")
    stage: str = pa.Field(
        isin=["challenger", "champion", "retired"], description="waiting, in force, or no longer"
    )
    created_at: Timestamp = pa.Field(description="when the fit was stored, UTC")
    promoted_at: Timestamp = pa.Field(description="when it was last put in force, UTC")
