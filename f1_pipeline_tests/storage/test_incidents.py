"""Incidents in the database: each is open once, told once, and over once, whoever looks."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline.storage.incidents import Incidents, Untold
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.storage.rows import AT, LATER

MINUTE = timedelta(minutes=1)
FAULT = {"incident": "drift", "kind": "drift", "message": "the model is poor"}
TOLD_NOBODY = {"told_at": None, "end_told_at": None}
OTHER = {"incident": "gate:abc", "kind": "gate", "message": "refused"}


@pytest.fixture
def incidents(url):
    return Incidents(url)


def began(fault=FAULT, at=AT):
    return Untold(**fault, opened_at=at, closed_at=None)


def ended(fault=FAULT, at=AT, over=LATER):
    return Untold(**fault, opened_at=at, closed_at=over)


def rows(incidents) -> list[dict]:
    """What table incidents holds, None for what is missing."""
    frame = Warehouse(incidents.url).read("incidents")
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_nothing_is_open_before_it_is(incidents):
    assert incidents.open() == set()
    assert incidents.untold(AT) == []
    incidents.record([], ["drift"], AT)
    assert rows(incidents) == []


def test_an_incident_is_open_until_it_is_over(incidents):
    incidents.record([FAULT, OTHER], [], AT)
    assert Incidents(incidents.url).open() == {"drift", "gate:abc"}

    incidents.record([], ["drift"], LATER)

    assert incidents.open() == {"gate:abc"}
    over, still_open = rows(incidents)
    assert over == FAULT | TOLD_NOBODY | {"opened_at": AT, "closed_at": LATER}
    assert still_open == OTHER | TOLD_NOBODY | {"opened_at": AT, "closed_at": None}


def test_two_who_notice_the_same_open_it_once(incidents):
    incidents.record([FAULT], [], AT)
    Incidents(incidents.url).record([FAULT | {"message": "worse"}], [], LATER)

    (row,) = rows(incidents)
    assert (row["opened_at"], row["message"]) == (AT, "the model is poor")


def test_what_began_and_ended_is_told_in_that_order_and_once(incidents):
    incidents.record([FAULT], [], AT)
    assert incidents.untold(AT) == [began()]
    incidents.told(began(), AT + MINUTE)
    assert incidents.untold(AT) == []

    incidents.record([], ["drift"], LATER)
    assert incidents.untold(AT) == [ended()]
    incidents.told(ended(), LATER + MINUTE)

    assert incidents.untold(AT) == []
    (row,) = rows(incidents)
    assert (row["told_at"], row["end_told_at"]) == (AT + MINUTE, LATER + MINUTE)


def test_what_ended_before_it_could_be_told_is_told_whole(incidents):
    incidents.record([FAULT], [], AT)
    incidents.record([OTHER], ["drift"], LATER)

    assert incidents.untold(AT) == [began(), ended(), began(OTHER, LATER)]
    incidents.told(began(), LATER)
    assert ended() in incidents.untold(AT)
    assert began() not in incidents.untold(AT)


def test_what_was_over_before_there_was_anybody_to_tell_is_told_to_nobody(incidents):
    incidents.record([FAULT, OTHER], [], AT)
    incidents.record([], ["drift"], LATER)

    assert incidents.untold(LATER + MINUTE) == [began(OTHER)]
    # Whoever was told that it began is told that it is over, however much later.
    incidents.told(began(OTHER), LATER + 2 * MINUTE)
    incidents.record([], ["gate:abc"], LATER + 3 * MINUTE)
    assert incidents.untold(LATER + 9 * MINUTE) == [ended(OTHER, over=LATER + 3 * MINUTE)]


def test_an_incident_may_come_again_though_the_clock_stands_or_is_put_back(incidents):
    for at in (AT, AT, AT - timedelta(days=1)):
        incidents.record([FAULT], [], at)
        incidents.record([], ["drift"], at)

    found = rows(incidents)
    assert len(found) == 3
    assert all(row["closed_at"] >= row["opened_at"] for row in found)
    assert [one.closed_at is None for one in incidents.untold(AT)] == [True, False] * 3


def test_one_at_a_time_has_the_turn_to_tell(incidents):
    other = Incidents(incidents.url)
    with incidents.turn_to_tell() as mine:
        assert mine
        with other.turn_to_tell() as theirs:
            assert not theirs
        incidents.record([FAULT], [], AT)  # nobody who writes waits for the one who tells
        other.told(began(), AT)
    with other.turn_to_tell() as theirs:
        assert theirs


def test_a_turn_that_ends_in_an_error_is_given_back(incidents):
    with pytest.raises(RuntimeError), incidents.turn_to_tell():
        raise RuntimeError("the network is gone")
    with Incidents(incidents.url).turn_to_tell() as mine:
        assert mine


STEPS = st.lists(
    st.tuples(st.sampled_from(["bad", "good", "tell one", "tell all"]), st.booleans()), max_size=12
)
_examples = count()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_each_is_told_once_that_it_began_and_once_that_it_is_over(incidents, steps):
    """Whatever happens in whatever order, and however late a message gets through."""
    fault = FAULT | {"incident": f"drift {next(_examples)}"}
    name, at, heard, began_as = fault["incident"], AT, [], 0

    def tell(most: int | None = None) -> None:
        for one in [one for one in incidents.untold(AT) if one.incident == name][:most]:
            heard.append("open" if one.closed_at is None else "over")
            incidents.told(one, at)

    for step, clock_goes_on in steps:
        at += MINUTE * clock_goes_on
        if step == "bad":
            began_as += name not in incidents.open()
            incidents.record([fault], [], at)
        elif step == "good":
            incidents.record([], [name], at)
        else:
            tell(1 if step == "tell one" else None)
    tell()

    is_open = name in incidents.open()
    assert heard == ["open", "over"] * (began_as - is_open) + ["open"] * is_open
    incidents.record([], [name], at)
