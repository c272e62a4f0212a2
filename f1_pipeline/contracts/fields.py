"""Columns that many tables share, stated once: who, which event, when."""

import pandera.pandas as pa

from f1_pipeline.contracts.base import EVENT_ID, SLUG, Integer


def event_id() -> str:
    return pa.Field(str_matches=EVENT_ID, description="season and Grand Prix, such as 2024-monaco")


def driver_id() -> str:
    return pa.Field(str_matches=SLUG, description="f1db driver id")


def constructor_id() -> str:
    return pa.Field(str_matches=SLUG, description="f1db constructor id, of this entry")


def season() -> Integer:
    return pa.Field(ge=1950, le=2100, description="season")


def round_number() -> Integer:
    return pa.Field(ge=1, le=40, description="round within the season; may change")
