"""Which figures stand: of the laps that are held, or those that ship."""

import pytest

from f1_pipeline.strategy.choice import choose

EVENT = "2024-monaco"


@pytest.mark.parametrize(
    ("held", "shipped", "published", "expected"),
    [
        (None, None, None, None),
        (None, "a", None, "shipped"),
        (None, "a", "a", "shipped"),
        (None, "a", "b", "shipped"),
        (None, None, "a", "gone"),
        ("b", None, None, "computed"),
        ("b", None, "a", "computed"),
        ("b", "a", "a", "computed"),
        ("b", "a", None, "computed"),
        ("b", "a", "b", None),
        ("b", None, "b", None),
        ("a", "a", None, "shipped"),
        ("a", "a", "b", "shipped"),
        ("a", "a", "a", None),
    ],
)
def test_laps_that_are_held_replace_what_ships(held, shipped, published, expected):
    of = [{EVENT: value} if value else {} for value in (held, shipped, published)]
    choice = choose({EVENT, "2024-spain"}, *of)

    named = {name: EVENT in getattr(choice, name) for name in ("computed", "shipped", "gone")}
    assert [name for name, chosen in named.items() if chosen] == ([expected] if expected else [])
    assert choice.about == ({EVENT} if expected else set())


def test_an_event_that_the_calendar_does_not_know_has_no_figures():
    both = {EVENT: "a", "2024-spain": "b"}
    assert choose({"2024-spain"}, {}, both, {}).about == {"2024-spain"}
    assert choose({"2024-spain"}, both, {}, {}).computed == {"2024-spain"}
    assert choose({"2024-spain"}, both, both, both).gone == {EVENT}
