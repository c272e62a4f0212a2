"""Which runs follow from what is missing: one for an event and revision, whatever went wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.automation import Attempts, State, Wanted, unfinished, wanted

NOW = datetime(2024, 5, 26, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENT = "2024-monaco"
RESULTS, QUALIFYING, SPRINT = ("results", EVENT), ("qualifying", EVENT), ("sprint", EVENT)


def state(**given: Any) -> State:
    return State(**({"found": {}, "unpublished": {}, "recorded": {}} | given))


def failures(number: int, last: datetime = NOW) -> Attempts:
    return Attempts(failed=number, last_ended=last)


def only(given: State, now: datetime = NOW) -> Wanted:
    (run,) = wanted(given, now)
    return run


def test_nothing_is_asked_for_when_nothing_is_missing():
    assert wanted(state(), NOW) == []
    assert wanted(state(recorded={RESULTS: "r1"}, open_events=frozenset({EVENT})), NOW) == []


def test_a_result_that_was_found_asks_for_one_run():
    run = only(state(found={RESULTS: "r1"}))

    assert (run.job, run.event_id, run.season) == ("update_event", EVENT, 2024)
    assert run.raw == ("results",)
    assert run.purpose == "2024-monaco:results=r1"
    assert run.run_key == "2024-monaco:results=r1#first"


def test_all_that_is_missing_of_an_event_is_one_run_in_the_weekends_order():
    found = {("pit_stops", EVENT): "p1", RESULTS: "r1"}
    run = only(state(found=found, unpublished={QUALIFYING: "q1", SPRINT: "s1"}))

    assert run.raw == ("qualifying", "sprint", "results", "pit_stops")
    assert run.purpose == "2024-monaco:qualifying=q1,sprint=s1,results=r1,pit_stops=p1"


def test_each_event_has_its_own_run():
    runs = wanted(state(found={("results", "2024-spain"): "r1", RESULTS: "r1"}), NOW)
    assert [run.event_id for run in runs] == [EVENT, "2024-spain"]


def test_the_run_is_the_same_whether_it_was_only_found_or_also_kept():
    """A run that kept the answer and died is the same thing tried again."""
    found = only(state(found={RESULTS: "r1"}))
    kept = only(state(unpublished={RESULTS: "r1"}))
    both = only(state(found={RESULTS: "r1"}, unpublished={RESULTS: "r1"}))
    assert found == kept == both


def test_what_was_found_last_counts_for_more_than_what_is_kept():
    run = only(state(found={RESULTS: "r2"}, unpublished={RESULTS: "r1"}))
    assert run.purpose == "2024-monaco:results=r2"


def test_only_what_is_not_recorded_is_fetched():
    missing = {RESULTS: "r1", QUALIFYING: "q1"}

    def raw(recorded: dict[tuple[str, str], str]) -> tuple[str, ...]:
        return only(state(unpublished=missing, recorded=recorded)).raw

    assert raw({}) == ("qualifying", "results")
    assert raw({QUALIFYING: "q1"}) == ("results",)
    assert raw({QUALIFYING: "q0", RESULTS: "r1"}) == ("qualifying",)
    # All is recorded and the tables have not taken it in: a run without a request.
    assert raw(missing) == ()
    assert raw({("results", "2024-spain"): "r1"}) == ("qualifying", "results")


def test_the_same_state_asks_for_the_same_run_again():
    given = state(found={RESULTS: "r1", ("schedule", "2024"): "c1"}, unpublished={QUALIFYING: "q1"})
    assert wanted(given, NOW) == wanted(given, NOW + timedelta(days=3))
    # The order in which things were found says nothing.
    turned = replace(given, found=dict(reversed(list(given.found.items()))))
    assert wanted(turned, NOW) == wanted(given, NOW)


def test_a_result_that_was_corrected_later_asks_for_one_more_run():
    done = {"2024-monaco:results=r1": Attempts(succeeded=True)}

    def corrected(recorded: dict[tuple[str, str], str]) -> Wanted:
        return only(state(found={RESULTS: "r2"}, recorded=recorded, attempts=done))

    for recorded in ({}, {RESULTS: "r1"}):
        run = corrected(recorded)
        assert (run.job, run.run_key) == ("update_event", "2024-monaco:results=r2#first")
        assert run.raw == ("results",)
    # A check of the whole season found and recorded it: it is only to be taken in.
    run = corrected({RESULTS: "r2"})
    assert (run.job, run.run_key) == ("update_tables", "tables:results@2024-monaco=r2#first")
    assert (run.raw, run.event_id, run.season) == ((), None, None)


def test_nothing_is_asked_for_while_a_run_for_the_event_is_alive():
    alive = Attempts(alive=True)
    for purpose in ("2024-monaco:results=r1", "2024-monaco:qualifying=q1", f"{EVENT}:forecast=x"):
        given = state(found={RESULTS: "r1"}, attempts={purpose: alive})
        assert wanted(given, NOW) == []
    for purpose in ("2024-spain:results=r1", "2024-monaco-2:results=r1", "2024:schedule=c1"):
        given = state(found={RESULTS: "r1"}, attempts={purpose: alive})
        assert only(given).event_id == EVENT
    # One that failed and one that is alive: it may be about to succeed.
    both = Attempts(failed=1, last_ended=NOW - timedelta(days=1), alive=True)
    assert wanted(state(found={RESULTS: "r1"}, attempts={f"{EVENT}:results=r1": both}), NOW) == []


def test_a_run_that_failed_is_asked_for_again_after_a_growing_pause_under_a_new_key():
    pauses = []
    for failed in range(1, 15):
        attempts = {f"{EVENT}:results=r1": failures(failed)}
        given = state(found={RESULTS: "r1"}, attempts=attempts)
        (pause,) = (
            minutes
            for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 256, 360)
            if wanted(given, NOW + minutes * MINUTE) and not wanted(given, NOW + _before(minutes))
        )
        at = only(given, NOW + pause * MINUTE).run_key
        assert at == f"{EVENT}:results=r1#{failures(failed).name}"
        pauses.append(pause)

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360, 360]


def _before(minutes: int) -> timedelta:
    return minutes * MINUTE - timedelta(seconds=1)


def test_very_many_failures_are_no_trouble():
    given = state(found={RESULTS: "r1"}, attempts={f"{EVENT}:results=r1": failures(10_000)})
    assert wanted(given, NOW + 359 * MINUTE) == []
    assert only(given, NOW + 360 * MINUTE).run_key.endswith("#after 2024-05-26T16:00:00.000000")


def test_the_failures_of_one_thing_do_not_hold_up_another():
    given = state(
        found={RESULTS: "r2", ("results", "2024-spain"): "r1"},
        attempts={f"{EVENT}:results=r1": failures(9)},
    )
    assert [run.run_key for run in wanted(given, NOW)] == [
        "2024-monaco:results=r2#first",
        "2024-spain:results=r1#first",
    ]


@pytest.mark.parametrize("kind", ["qualifying", "sprint"])
def test_the_grid_of_an_open_event_asks_for_a_forecast(kind):
    found = {(kind, EVENT): "x1"}
    assert only(state(found=found, open_events=frozenset({EVENT}))).forecast
    assert not only(state(found=found, open_events=frozenset({"2024-spain"}))).forecast
    assert not only(state(found=found)).forecast
    # Also when it is kept already, or comes with other things.
    more = state(unpublished=found | {RESULTS: "r1"}, open_events=frozenset({EVENT}))
    assert only(more).forecast


@pytest.mark.parametrize("kind", ["results", "pit_stops"])
def test_a_result_asks_for_no_forecast_of_its_own_event(kind):
    given = state(found={(kind, EVENT): "r1"}, open_events=frozenset({EVENT, "2024-spain"}))
    assert not only(given).forecast


def test_the_next_forecast_is_asked_for_when_all_is_quiet():
    quiet = state(needs_forecast="2024-spain", forecast_of=EVENT)

    run = only(quiet)

    assert (run.job, run.event_id, run.season) == ("after_race", "2024-spain", 2024)
    assert run.forecast
    assert run.raw == ()
    assert run.run_key == "2024-spain:forecast=2024-monaco#first"
    assert wanted(quiet, NOW + MINUTE) == [run]
    # It is another thing once another race is held.
    newer = only(replace(quiet, forecast_of="2024-canada"))
    assert newer.run_key != run.run_key


def test_the_next_forecast_waits_for_all_that_is_missing():
    quiet = state(needs_forecast="2024-spain", forecast_of=EVENT)

    for missing in ({RESULTS: "r1"}, {("schedule", "2024"): "c1"}):
        for loud in (replace(quiet, found=missing), replace(quiet, unpublished=missing)):
            assert only(loud).job != "after_race"
    # Also for what cannot be asked for just now.
    for attempts in (Attempts(alive=True), failures(3)):
        held_up = {f"{EVENT}:results=r1": attempts}
        assert wanted(replace(quiet, found={RESULTS: "r1"}, attempts=held_up), NOW) == []


def test_the_next_forecast_is_made_once_at_a_time_and_tried_again_later():
    purpose = "2024-spain:forecast=2024-monaco"

    def asked(attempts: Attempts, name: str = purpose) -> list[str]:
        quiet = state(needs_forecast="2024-spain", forecast_of=EVENT, attempts={name: attempts})
        return [run.run_key for run in wanted(quiet, NOW)]

    assert asked(Attempts(alive=True)) == []
    assert asked(Attempts(alive=True), "2024-spain:qualifying=q1") == []
    assert asked(failures(1)) == []
    assert asked(failures(1, NOW - MINUTE)) == [f"{purpose}#{failures(1, NOW - MINUTE).name}"]
    assert asked(Attempts(alive=True), f"{EVENT}:results=r1") == [f"{purpose}#first"]


def test_a_calendar_that_was_found_is_fetched_for_its_season():
    run = only(state(found={("schedule", "2025"): "c1"}))
    assert (run.job, run.event_id, run.season) == ("update_calendar", None, 2025)
    assert not run.forecast
    assert run.run_key == "2025:schedule=c1#first"


@pytest.mark.parametrize("kind", ["schedule", "drivers", "constructors"])
def test_what_is_kept_of_a_season_is_taken_in_by_the_tables(kind):
    run = only(state(unpublished={(kind, "2025"): "c1"}))
    assert (run.job, run.event_id, run.season) == ("update_tables", None, None)
    assert run.purpose == f"tables:{kind}@2025=c1"


def test_a_calendar_and_a_roster_of_a_season_are_one_run():
    given = state(found={("schedule", "2025"): "c2"}, unpublished={("drivers", "2025"): "d1"})
    run = only(given)
    assert run.job == "update_calendar"
    assert run.purpose == "2025:schedule=c2,drivers=d1"


def test_a_run_that_failed_after_its_answer_was_kept_is_finished_later():
    """Kept and perhaps published, but what follows from it was not made."""
    purpose, tables = f"{EVENT}:results=r1", "tables:results@2024-monaco=r1"
    kept, failed, after = {RESULTS: "r1"}, failures(1), NOW + MINUTE

    def asked(attempts: dict[str, Attempts], now: datetime = after, **more: Any) -> list[str]:
        given = state(attempts=attempts, **({"kept": kept, "recorded": kept} | more))
        return [run.run_key for run in wanted(given, now)]

    assert asked({purpose: failed}) == [f"{tables}#first"]
    assert asked({purpose: failed}, needs_forecast="2024-spain") == [f"{tables}#first"]
    # The raw asset does not have it: it is the same run again.
    assert asked({purpose: failed}, recorded={}) == [f"{purpose}#{failed.name}"]
    assert asked({purpose: failed}, NOW, recorded={}) == []
    # That run is under way, or it is done; or another has done it.
    assert asked({purpose: replace(failed, alive=True)}) == []
    assert asked({purpose: replace(failed, succeeded=True)}) == []
    assert asked({purpose: failed, tables: Attempts(succeeded=True)}) == []
    assert asked({purpose: failed, tables: failures(1)}, NOW) == []
    assert asked({purpose: failed, tables: failures(1)}) == [f"{tables}#{failed.name}"]
    # What was corrected since is no longer what that run was for.
    assert asked({purpose: failed}, kept={RESULTS: "r2"}) == []
    assert asked({purpose: failed}, kept={}) == []


def test_what_an_alive_run_has_recorded_is_left_to_it():
    """Between its raw assets and its tables: a second run would do the same once more."""
    alive = {f"{EVENT}:results=r1": Attempts(alive=True)}
    given = state(unpublished={RESULTS: "r1"}, recorded={RESULTS: "r1"}, attempts=alive)
    assert wanted(given, NOW) == []
    assert wanted(replace(given, needs_forecast="2024-spain"), NOW) == []
    assert only(replace(given, attempts={})).job == "update_tables"


def test_what_never_failed_or_is_no_answer_is_not_unfinished():
    kept = {QUALIFYING: "q1"}
    assert unfinished({f"{EVENT}:qualifying=q1": failures(1)}, kept) == kept
    assert unfinished({"tables:qualifying@2024-monaco=q1": failures(1)}, kept) == kept
    assert unfinished({f"{EVENT}:qualifying=q1": Attempts(alive=True)}, kept) == {}
    assert unfinished({"2024-spain:forecast=2024-monaco": failures(1)}, kept) == {}
    assert unfinished({"": failures(1), "garbage": failures(1)}, kept) == {}


def test_what_another_run_has_finished_is_not_done_again():
    """The qualifying's own run failed; the one with the result took it in as well."""
    kept = {QUALIFYING: "q1", RESULTS: "r1"}
    failed = {f"{EVENT}:qualifying=q1": failures(1)}
    whole = {f"{EVENT}:qualifying=q1,results=r1": Attempts(succeeded=True)}
    assert unfinished(failed, kept) == {QUALIFYING: "q1"}
    assert unfinished(failed | whole, kept) == {}
    assert wanted(state(kept=kept, attempts=failed | whole), NOW + MINUTE) == []


def test_one_run_takes_in_all_that_only_has_to_be_taken_in():
    rosters = {("drivers", "2025"): "d2", ("drivers", "2024"): "d1", ("schedule", "2023"): "c1"}
    kept = rosters | {RESULTS: "r1"}

    run = only(state(unpublished=kept, recorded={RESULTS: "r1"}))

    assert run.job == "update_tables"
    items = "drivers@2024=d1,drivers@2025=d2,results@2024-monaco=r1,schedule@2023=c1"
    assert run.purpose == f"tables:{items}"
    # What has to be fetched as well has its own run beside it.
    runs = wanted(state(unpublished=kept), NOW)
    assert [run.job for run in runs] == ["update_event", "update_tables"]
    assert RESULTS[0] not in runs[1].purpose
    busy = state(unpublished=kept, attempts={f"tables:{items}": Attempts(alive=True)})
    assert only(busy).job == "update_event"


EVENTS = ["2024-monaco", "2024-monaco-2", "2024-spain"]
KINDS = ["qualifying", "sprint", "results", "pit_stops"]
OF_SEASONS = ["schedule", "drivers", "constructors"]
KEYS = st.one_of(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(EVENTS)),
    st.tuples(st.sampled_from(OF_SEASONS), st.sampled_from(["2024", "2025"])),
)
REVISIONS = st.dictionaries(KEYS, st.sampled_from(["v1", "v2"]), max_size=6)
ATTEMPTS = st.builds(
    Attempts,
    failed=st.integers(0, 20),
    succeeded=st.booleans(),
    last_ended=st.sampled_from([None, NOW, NOW - 5 * MINUTE, NOW - timedelta(days=1)]),
    alive=st.booleans(),
)
PURPOSES = st.sampled_from(
    [
        *(f"{event}:{kind}=v1" for event in EVENTS for kind in ("results", "qualifying", "sprint")),
        *("2024:schedule=v1", "tables:drivers@2025=v1", "2024-spain:forecast=2024-monaco"),
        *("tables:results@2024-monaco=v1", "tables:drivers@2025=v1,results@2024-spain=v2"),
    ]
)
STATES = st.builds(
    State,
    found=REVISIONS,
    unpublished=REVISIONS,
    recorded=REVISIONS,
    kept=REVISIONS,
    needs_forecast=st.sampled_from([None, *EVENTS]),
    forecast_of=st.sampled_from(EVENTS),
    open_events=st.frozensets(st.sampled_from(EVENTS)),
    attempts=st.dictionaries(PURPOSES, ATTEMPTS, max_size=4),
)


def keys_of(run: Wanted) -> set[tuple[str, str]]:
    """Kind and key of all that a run is for."""
    whole, _, items = run.purpose.partition(":")
    names = [item.split("=")[0].partition("@") for item in items.split(",")]
    return {(kind, key or whole) for kind, _, key in names}


@given(STATES)
def test_no_two_runs_of_any_state_are_for_the_same_thing(given_state):
    runs = wanted(given_state, NOW)

    assert wanted(given_state, NOW) == runs
    for names in (
        [run.run_key for run in runs],
        [run.purpose for run in runs],
        [run.event_id for run in runs if run.event_id],
        [run.season for run in runs if not run.event_id],
    ):
        assert len(names) == len(set(names))
    lost = unfinished(given_state.attempts, given_state.kept)
    missing = {*given_state.found, *given_state.unpublished, *lost}
    for run in runs:
        assert all((kind, run.purpose.split(":")[0]) in missing for kind in run.raw)
    alive = {p.split(":")[0] for p, a in given_state.attempts.items() if a.alive}
    taken_in = {key for run in runs for _, key in keys_of(run)}
    assert not alive & {*taken_in, *(run.purpose.split(":")[0] for run in runs)}


@given(STATES)
def test_a_run_that_was_asked_for_is_not_asked_for_while_it_is_under_way(given_state):
    runs = wanted(given_state, NOW)
    before = dict(given_state.attempts)
    under_way = {r.purpose: replace(before.get(r.purpose, Attempts()), alive=True) for r in runs}

    assert wanted(replace(given_state, attempts=before | under_way), NOW) == []


@given(STATES)
def test_whatever_is_missing_is_asked_for_in_the_end(given_state):
    """Nothing alive, and long after the last failure: each thing has its run."""
    dead = {p: replace(a, alive=False) for p, a in given_state.attempts.items()}

    runs = wanted(replace(given_state, attempts=dead), NOW + timedelta(hours=6))

    lost = unfinished(dead, given_state.kept)
    missing = {*given_state.found, *given_state.unpublished, *lost}
    asked = {key for run in runs for key in keys_of(run)}
    forecast = {("forecast", given_state.needs_forecast)}
    assert asked == (missing or (forecast if given_state.needs_forecast else set()))
    # Nothing is asked for twice, and what is only to be taken in by one run.
    assert sum(len(keys_of(run)) for run in runs) == len(asked)
    assert [run.job for run in runs].count("update_tables") <= 1
    # A key that was used is never launched again: each is new for its failures.
    for run in runs:
        before = given_state.attempts.get(run.purpose, Attempts())
        assert run.run_key == f"{run.purpose}#{before.name}"


def test_the_name_of_an_attempt_never_comes_again():
    """The newest runs alone are counted: their number can fall, and a key that was used is dead."""
    assert failures(3, NOW).name == failures(2, NOW).name != failures(3, NOW + MINUTE).name
    assert Attempts().name not in {failures(1).name, ""}
