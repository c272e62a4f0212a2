"""A refusal is one row while it lasts: news once, the same for all processes, gone when lifted."""

from datetime import timedelta

import pytest

from f1_pipeline.storage.refusals import Refusal, Refusals
from f1_pipeline_tests.storage.rows import AT, LATER, state

SERVICE = "live timing"


@pytest.fixture
def refusals(url):
    return Refusals(url)


def test_nothing_refuses_before_it_does(refusals):
    assert refusals.of(SERVICE) is None
    assert not refusals.lift(SERVICE)


def test_a_refusal_is_news_once_and_is_checked_again(refusals):
    assert refusals.record(SERVICE, "needs an account", "a1", AT)
    assert refusals.of(SERVICE) == Refusal(SERVICE, "needs an account", "a1", AT, AT)

    assert not refusals.record(SERVICE, "needs an account", "a1", LATER)

    assert refusals.of(SERVICE) == Refusal(SERVICE, "needs an account", "a1", AT, LATER)
    assert len(state(refusals.url)["refusals"]) == 1


@pytest.mark.parametrize(
    ("reason", "account"), [("the token ended", "a1"), ("needs an account", "b2")]
)
def test_another_reason_or_account_is_news_of_the_same_refusal(refusals, reason, account):
    refusals.record(SERVICE, "needs an account", "a1", AT)

    assert refusals.record(SERVICE, reason, account, LATER)

    assert refusals.of(SERVICE) == Refusal(SERVICE, reason, account, AT, LATER)
    assert not refusals.record(SERVICE, reason, account, LATER)


def test_who_answers_again_refuses_no_more_until_it_does_anew(refusals):
    refusals.record(SERVICE, "needs an account", "a1", AT)

    assert refusals.lift(SERVICE)
    assert refusals.of(SERVICE) is None
    assert not refusals.lift(SERVICE)

    again = LATER + timedelta(days=1)
    assert refusals.record(SERVICE, "needs an account", "a1", again)
    assert refusals.of(SERVICE) == Refusal(SERVICE, "needs an account", "a1", again, again)


def test_services_refuse_each_for_itself_and_other_processes_know(refusals):
    refusals.record(SERVICE, "needs an account", "a1", AT)
    refusals.record("jolpica", "blocked", "", LATER)
    other = Refusals(refusals.url)

    assert other.of("jolpica") == Refusal("jolpica", "blocked", "", LATER, LATER)
    assert other.lift("jolpica")
    assert refusals.of("jolpica") is None
    assert refusals.of(SERVICE) is not None
