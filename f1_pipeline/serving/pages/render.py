"""Templates into text. Every value is escaped unless it was made as markup by `svg`."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from f1_pipeline.serving.pages import tyres, words

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    # A name that no one gave is a fault of the page, and not an empty place in it.
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "percent": words.percent,
    "day": words.day,
    "moment": words.moment,
    "place": words.place,
}
_ENVIRONMENT.globals |= {"tyres": tyres, "words": words}


def render(template: str, **given: Any) -> str:
    return _ENVIRONMENT.get_template(template).render(**given)
