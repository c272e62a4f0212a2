"""Which figures of a race stand: those of the laps that are held, or those that ship.

Here belongs the choice alone. Not here: computing figures (figures), reading what ships (sources).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """What is to be done about the figures of events; those it does not name stay as they are.

    `computed`: from their laps; `shipped`: as the archive has them; `gone`: nothing says them now.
    """

    computed: frozenset[str]
    shipped: frozenset[str]
    gone: frozenset[str]

    @property
    def about(self) -> frozenset[str]:
        return self.computed | self.shipped | self.gone


def choose(
    calendar: Collection[str],
    held: Mapping[str, str],
    shipped: Mapping[str, str],
    published: Mapping[str, str],
) -> Choice:
    """By event the revision: of the laps that are held, of what ships, and of what is published.

    Laps that are held replace what ships. Where what ships rests on the same rows nothing needs to
    be computed. An event that the calendar does not know has no figures.
    """
    known = set(calendar)
    mine = {event: revision for event, revision in held.items() if event in known}
    new = {event for event, revision in mine.items() if published.get(event) != revision}
    computed = {event for event in new if shipped.get(event) != mine[event]}
    taken = (new - computed) | ((shipped.keys() & known) - mine.keys())
    gone = published.keys() - mine.keys() - taken
    return Choice(frozenset(computed), frozenset(taken), frozenset(gone))
