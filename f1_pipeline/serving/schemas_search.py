"""The shapes of search and of stories: queries, the races that answer, and what is told."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from f1_pipeline.serving.schemas import Asked, Event, Shape, Share

Id = Annotated[str, Field(min_length=1, max_length=80, examples=["monaco"])]
Ids = Id | Annotated[list[Id], Field(min_length=1, max_length=30)]
Number = Annotated[StrictInt | StrictFloat, Field(ge=-1000, le=10_000)]


class Range(BaseModel):
    """From, to, or both."""

    model_config = ConfigDict(extra="forbid")

    min: Number | None = None
    max: Number | None = None


Count = Number | Range
Flag = StrictBool | None


class Filters(BaseModel):
    """What has to hold whatever the query says. What is not known of a race fits nothing."""

    model_config = ConfigDict(extra="forbid")

    season: Count | None = None
    circuit: Ids | None = None
    driver: Ids | None = None
    team: Ids | None = None
    nationality: Ids | None = Field(None, description="of the driver: f1db country ids")
    start: Ids | None = Field(None, description="compounds started on, such as SOFT")
    compounds: Ids | None = Field(None, description="any of these was used")
    reason: Ids | None = Field(None, description="of a retirement, such as gearbox")
    grid: Count | None = None
    finish: Count | None = None
    gained: Count | None = Field(None, description="places from grid to finish")
    points: Count | None = None
    stops: Count | None = None
    red_flags: Count | None = None
    safety_cars: Count | None = None
    virtual_safety_cars: Count | None = None
    wet: Flag = None
    retired: Flag = None
    won: Flag = None
    podium: Flag = None
    scored: Flag = None
    pole: Flag = None
    pit_lane: Flag = None
    home: Flag = Field(None, description="in the driver's own country")


class Query(Asked):
    """A question to the archive. Where no word of it is understood the filters alone choose."""

    query: str = Field(
        min_length=1,
        max_length=1000,
        examples=["a wet race won with one stop from outside the front row"],
    )
    limit: Annotated[StrictInt, Field(ge=1, le=100)] = 10
    of: Literal["driver", "race"] = Field("driver", description="drivers' races, or whole ones")
    filters: Filters = Field(default_factory=Filters)


class Hit(Shape):
    """A race that answers, or a driver in it."""

    event_id: str
    driver_id: str | None
    score: float = Field(description="the higher the better; of one query alone")
    matched: list[str] = Field(description="what was asked and holds")
    text: str = Field(description="what happened, in words")
    link: str | None = Field(description="the page of the race; null where nothing is forecast")


class Found(Shape):
    """The best answers, the best first."""

    query: str
    certain: list[str] = Field(description="what the query was taken to say: all of it holds")
    likely: list[str] = Field(description="what it probably means: what fits comes first")
    documents: int = Field(description="among how many was searched")
    version: str = Field(description="of the index")
    hits: list[Hit]


class Story(Shape):
    """A paragraph on a driver's forecast or recommended plan."""

    driver_id: str
    kind: str = Field(description="prediction or recommendation")
    text: str
    wording: str = Field(description="template or language model")
    language_model: str | None


class Alike(Shape):
    """A past race, and what it shares with this one."""

    event_id: str
    likeness: Share | None = Field(description="Gower's coefficient; null before the race")
    shared: str
    text: str


class Stories(Shape):
    """What is told of a race."""

    event: Event
    stories: list[Story]
    alike: list[Alike]
    stale: str | None
