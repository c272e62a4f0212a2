"""Every page is well formed, escaped, readable without sight, and asks for nothing."""

import itertools
import re
from datetime import timedelta

import pytest

from f1_pipeline.serving.pages.problem import problem_page
from f1_pipeline_tests.serving import plans
from f1_pipeline_tests.serving.pages.world import MONDAY, RACE, Page, World

EVIL = "<script>alert('1')</script>\"&"
PATHS = re.compile(
    r"#main|#plans-mean|data:,|/|/docs|/health|/models|/season/\d{4}|"
    r"/race/\d{4}-[a-z0-9-]+(\?horizon=[a-z_]+)?|"
    r"/strategy/race/\d{4}-[a-z0-9-]+(/circuit)?|"
    r"/predict/race/\d{4}-[a-z0-9-]+|/predictions/\d{4}-[a-z0-9-]+/history"
)
IMAGES = {
    *("chances", "shares", "spread", "places", "move", "leaning", "reliability"),
    *("stints", "ruler", "behind", "wear"),
}


@pytest.fixture
def full(world: World) -> World:
    """A world in which every section of every page has something to say, in hostile words."""
    world.event("2024-imola", starts=RACE - timedelta(days=7), name=EVIL)
    world.event(name=EVIL)
    world.add("drivers", {"driver_id": "ada", "name": EVIL})
    world.add("constructors", {"constructor_id": "ferrari", "name": EVIL})
    world.add("circuits", {"circuit_id": "the-streets", "name": EVIL})
    wins = {"ada": 0.6, "bea": 0.3, "cal": 0.1}
    world.forecast(wins, degraded_reason=EVIL, model_version=EVIL, data_version=EVIL)
    world.forecast({"ada": 1.0, "bea": 0.0}, horizon="pre_weekend", run_id="run-0")
    world.forecast(wins, "2024-imola", RACE - timedelta(days=7))
    world.result("ada", "bea", "cal", event_id="2024-imola", classified=1)
    world.result("ada", "bea", "cal", classified=1)
    world.champion()
    world.walked(wins, "2023-monaco")
    plans.figures(world, {"ada": [("SOFT", 1, 50)]}, [("red", 9, 1)])
    plans.publish(world)
    plans.fits(world)
    world.add(
        "explanations",
        {
            "event_id": "2024-monaco",
            "driver_id": "ada",
            "horizon": "post_qualifying",
            "run_id": "run-1",
            "factor": EVIL,
            "words": EVIL,
        },
    )
    return world


@pytest.fixture
def pages(full: World) -> dict[str, Page]:
    return {
        "race": full.race(now=MONDAY),
        "season": full.season(),
        "problem": Page(problem_page(404, EVIL, EVIL, EVIL)),
    }


def test_no_value_becomes_a_tag(pages: dict[str, Page]):
    for page in pages.values():
        assert page.all("script") == []
        assert EVIL not in page.html
        assert EVIL in page.text


def test_nothing_is_asked_for_and_no_path_is_made_up(pages: dict[str, Page]):
    for page in pages.values():
        assert page.links != []
        assert [link for link in page.links if not PATHS.fullmatch(link)] == []
        assert not re.search(r"https?:|//|url\(|@import", page.html.replace("<!--", ""))
        assert [e.tag for e in page.elements if "src" in e.attributes] == []
        assert [e.tag for e in page.elements if "style" in e.attributes] == []


def test_headings_and_landmarks_are_in_order(pages: dict[str, Page]):
    for name, page in pages.items():
        levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
        assert levels.count(1) == 1, name
        assert levels[0] == 1
        assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
        assert [len(page.all(tag)) for tag in ("main", "footer")] == [1, 1]
        assert page.all("html", lang="en") != []
        ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
        assert len(ids) == len(set(ids))
        named = {
            e.attributes["aria-labelledby"]
            for e in page.elements
            if "aria-labelledby" in e.attributes
        }
        assert named <= set(ids)


def test_every_picture_says_what_it_shows(pages: dict[str, Page]):
    pictures = [p for page in pages.values() for p in page.all("svg", role="img")]
    assert {str(p.attributes["class"]) for p in pictures} == IMAGES
    for picture in pictures:
        assert picture.children[0].tag == "title"
        assert picture.children[0].text.strip()
    others = [
        p
        for page in pages.values()
        for p in page.all("svg")
        if "role" not in p.attributes and "x" not in p.attributes
    ]
    assert {p.attributes.get("aria-hidden") for p in others} == {"true"}


def test_every_table_names_its_heads(pages: dict[str, Page]):
    for page in pages.values():
        for head in page.all("th"):
            assert head.attributes.get("scope") in ("col", "row")
        for row in page.all("tr"):
            assert any(cell.tag == "th" for cell in row.children)


def test_what_scrolls_can_be_reached(pages: dict[str, Page]):
    regions = [e for e in pages["race"].elements if e.attributes.get("class") == "scroll"]
    assert regions != []
    for region in regions:
        assert region.attributes["tabindex"] == "0"
        assert region.attributes["role"] == "region"
        assert region.attributes["aria-label"]
