"""Search: documents of past races with the facts they tell, the index in force, and stories.

What is null is not known: stops, tyres, weather and cautions are known of races with figures.
"""

import pandera.pandas as pa

from f1_pipeline.contracts import fields
from f1_pipeline.contracts.base import SLUG, Boolean, Integer, Table, contract

_DRIVER = {"event_id": ("events", "event_id"), "driver_id": ("drivers", "driver_id")}


def _flag(what: str, nullable: bool = False) -> Boolean:
    return pa.Field(nullable=nullable, description=what)


def _number(what: str, least: int = 0) -> Integer:
    return pa.Field(ge=least, nullable=True, description=what)


def _text(what: str, nullable: bool = False) -> str:
    return pa.Field(nullable=nullable, description=what)


class Document(Table):
    """What a document of a driver's race and one of a race share."""

    document_id: str = _text("the event, and the driver after a slash")
    event_id: str = fields.event_id()
    season: Integer = fields.season()
    round: Integer = fields.round_number()
    circuit_id: str = pa.Field(str_matches=SLUG, description="f1db circuit id")
    grand_prix_id: str = pa.Field(str_matches=SLUG, description="f1db Grand Prix id")
    country: str = _text("f1db country id of the circuit, if the archive knows it", nullable=True)
    circuit_type: str = _text("race, street or road")
    wet: Boolean = _flag("not dry by race_figures", nullable=True)
    red_flags: Integer = _number("times that the race was stopped")
    safety_cars: Integer = _number("safety car periods")
    virtual_safety_cars: Integer = _number("virtual safety car periods")
    text: str = pa.Field(str_length={"min_value": 20}, description="the facts in words")


@contract(layer="search", key=("event_id", "driver_id"), by_event=True, references=_DRIVER)
class DriverDocuments(Document):
    """A driver's race, in facts and in words: what search finds."""

    driver_id: str = fields.driver_id()
    constructor_id: str = fields.constructor_id()
    nationality: str = _text("f1db country id of the driver", nullable=True)
    outcome: str = _text("how the race ended for the driver")
    reason: str = _text("why the driver retired, in lower case", nullable=True)
    start: str = _text("compound started on", nullable=True)
    end: str = _text("compound finished on", nullable=True)
    compounds: str = _text("compounds of all sets in order", nullable=True)
    grid: Integer = _number("place started from; null from the pit lane", least=1)
    finish: Integer = _number("classified place", least=1)
    gained: Integer = _number("places gained from grid to finish", least=-40)
    points: float = pa.Field(ge=0, nullable=True, description="points of the race")
    stops: Integer = _number("stops, those under red flags left aside")
    first_stop: Integer = _number("lap of the first stop", least=1)
    pit_lane: Boolean = _flag("started from the pit lane")
    retired: Boolean = _flag("retired or did not start")
    won: Boolean = _flag("classified first")
    podium: Boolean = _flag("classified in the first three")
    scored: Boolean = _flag("scored points")
    pole: Boolean = _flag("first on the grid")
    front_row: Boolean = _flag("first or second on the grid")
    last_on_grid: Boolean = _flag("of all on the grid the last")
    last_at_finish: Boolean = _flag("of all classified the last")
    home: Boolean = _flag("in the driver's own country")


@contract(
    layer="search",
    key=("event_id",),
    by_event=True,
    references={"event_id": ("events", "event_id")},
)
class RaceDocuments(Document):
    """A race, in facts and in words: its winner, weather, cautions and stops."""

    retirements: Integer = _number("cars that retired or did not start")
    drivers: Integer = _number("cars that were entered", least=1)
    typical_stops: float = pa.Field(
        ge=0, nullable=True, description="median stops of those classified"
    )
    winner: str = _text("driver_id", nullable=True)
    winner_constructor: str = _text("constructor_id", nullable=True)
    winner_grid: Integer = _number("place the winner started from", least=1)
    podium: str = _text("driver_ids by place", nullable=True)
    pole: str = _text("driver_id of the first on the grid", nullable=True)


@contract(
    layer="search",
    key=("event_id", "rank"),
    by_event=True,
    references={"event_id": ("events", "event_id"), "like_event_id": ("events", "event_id")},
)
class AlikeRaces(Table):
    """The past races most like each past race, by what is known of both."""

    event_id: str = fields.event_id()
    rank: Integer = pa.Field(ge=1, le=20, description="1 is the most alike")
    like_event_id: str = _text("event_id of the other race")
    likeness: float = pa.Field(ge=0, le=1, description="Gower's coefficient over the facts")
    known: Integer = pa.Field(ge=1, description="facts known of both races")
    shared: str = _text("what they have in common, in words; may be empty")


@contract(layer="search", key=("version",))
class SearchIndex(Table):
    """The index that answers queries: one row, its files lie under the data address."""

    version: str = pa.Field(str_matches=r"^[0-9a-f]{16}$", description="hash of the documents")
    documents: Integer = pa.Field(ge=0, description="documents of drivers and of races")
    terms: Integer = pa.Field(ge=0, description="words of them")
    artifact_sha256: str = pa.Field(str_matches=r"^[0-9a-f]{64}$", description="hash of its files")


@contract(
    layer="narration", key=("event_id", "kind", "driver_id"), by_event=True, references=_DRIVER
)
class Stories(Table):
    """A paragraph for each forecast and each recommendation of an event as it stands."""

    event_id: str = fields.event_id()
    driver_id: str = fields.driver_id()
    kind: str = pa.Field(
        isin=["prediction", "recommendation"], description="what the paragraph tells"
    )
    text: str = pa.Field(str_length={"min_value": 80}, description="the paragraph")
    wording: str = pa.Field(
        isin=["template", "language model"], description="whose words these are"
    )
    language_model: str = _text("its name; null for the template", nullable=True)
    reason: str = _text("why the template stands in for a model that is set up", nullable=True)
    kept_as: str = _text("hash of facts, model and instructions: the same is not asked twice")
