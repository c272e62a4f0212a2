"""Who and where: drivers, constructors, their lineage, circuits. Whole tables, no events."""

import pandera.pandas as pa

from f1_pipeline.contracts.base import SLUG, Integer, Table, contract


@contract(layer="tables", key=("driver_id",))
class Drivers(Table):
    """Every driver of the seasons held, by f1db id. Numbers and teams belong to entries."""

    driver_id: str = pa.Field(str_matches=SLUG, description="f1db id, such as max-verstappen")
    name: str = pa.Field(description="name as commonly written")
    code: str = pa.Field(
        str_matches=r"^[A-Z]{3}$",
        nullable=True,
        description="three-letter code; repeats over history (MSC)",
    )
    date_of_birth: str = pa.Field(
        str_matches=r"^\d{4}-\d\d-\d\d$", nullable=True, description="ISO date"
    )
    nationality: str = pa.Field(nullable=True, description="f1db country id")


@contract(layer="tables", key=("constructor_id",))
class Constructors(Table):
    """Every constructor by f1db id. A renamed team is a new one: see constructor_lineage."""

    constructor_id: str = pa.Field(str_matches=SLUG, description="f1db id, such as racing-bulls")
    name: str = pa.Field(description="name as commonly written")
    full_name: str = pa.Field(nullable=True, description="official name")
    country: str = pa.Field(nullable=True, description="f1db country id")


@contract(
    layer="tables",
    key=("constructor_id", "season_from"),
    references={"constructor_id": ("constructors", "constructor_id")},
)
class ConstructorLineage(Table):
    """Which constructors are one team under changing names: toro-rosso to racing-bulls, say."""

    constructor_id: str = pa.Field(str_matches=SLUG, description="the name it raced under")
    season_from: Integer = pa.Field(ge=1950, description="first season of that name")
    season_to: Integer = pa.Field(
        ge=1950, nullable=True, description="last season of it; null while it lasts"
    )
    lineage_id: str = pa.Field(
        str_matches=SLUG, description="the team: the constructor id of its first name"
    )


@contract(layer="tables", key=("circuit_id",))
class Circuits(Table):
    """Every circuit by f1db id. Two events of a season can share one (2020 Spielberg)."""

    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db id, such as spa-francorchamps")
    name: str = pa.Field(description="short name")
    full_name: str = pa.Field(nullable=True, description="official name")
    circuit_type: str = pa.Field(isin=["RACE", "ROAD", "STREET"], description="kind of circuit")
    place: str = pa.Field(nullable=True, description="town")
    country: str = pa.Field(nullable=True, description="f1db country id")
    latitude: float = pa.Field(
        ge=-90, le=90, nullable=True, description="latitude", metadata={"unit": "deg"}
    )
    longitude: float = pa.Field(
        ge=-180, le=180, nullable=True, description="longitude", metadata={"unit": "deg"}
    )
