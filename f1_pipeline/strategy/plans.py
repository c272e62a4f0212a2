"""Plans: which tyres a car starts on, and after which laps it changes to which.

Here belong a plan, its text, what the rules have against it, and the plans that are worth a
simulation. What a plan is worth in traffic is asked of `simulation`.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from f1_pipeline.errors import UsageError
from f1_pipeline.strategy.rules import Rules
from f1_pipeline.strategy.simulation.setting import GREEN, MOST_STOPS, FloatArray, Setting

COMPOUNDS = {"S": "soft", "M": "medium", "H": "hard"}
_WET = ("I", "W")
_LETTERS = "".join(COMPOUNDS)
_EACH = 3  # plans of each number of stops that are kept, however slow on the road alone
_VARIANTS = (-8, -4, 4, 8)  # laps that the first stop is moved by
_VARIED = 5  # plans of which that is done
# Orders of the same stints take the same time on the road alone: more than so many of them would
# leave no room for other plans.
_ORDERS = 4
# No stint is planned to be shorter than this share of the race: shorter ones come of cautions.
_SHORTEST = 0.1


@dataclass(frozen=True)
class Plan:
    """Compounds as S, M, H in the order of the stints; a stop is at the END of its lap, the in-lap.

    The text is M-18-H: mediums, changed at the end of lap 18 for hards.
    """

    compounds: tuple[str, ...]
    stops: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in self.compounds:
            _known(name, "-".join(self.compounds))
        if len(self.stops) > MOST_STOPS:
            raise UsageError(f"a plan has at most {MOST_STOPS} stops, not {len(self.stops)}")
        if len(self.compounds) != len(self.stops) + 1:
            raise UsageError("a plan has a compound more than stops, as M-18-H does")
        if any(b <= a for a, b in itertools.pairwise((0, *self.stops))):
            laps = ", ".join(map(str, self.stops))
            raise UsageError(f"the laps of a plan's stops rise from 1 on: {laps} do not")

    def __str__(self) -> str:
        pairs = zip(self.stops, self.compounds[1:], strict=True)
        return "-".join([self.compounds[0], *(f"{lap}-{name}" for lap, name in pairs)])

    @property
    def indices(self) -> tuple[int, ...]:
        """Of the compounds in arrays that go by S, M, H."""
        return tuple(_LETTERS.index(name) for name in self.compounds)

    def stints(self, laps: int) -> tuple[int, ...]:
        """The laps of each."""
        return tuple(b - a for a, b in itertools.pairwise((0, *self.stops, laps)))


def parse(text: str, laps: int | None = None) -> Plan:
    """The plan of a text like M-18-H, in either case and with spaces; `laps` of the race."""
    parts = [part.strip().upper() for part in text.split("-")]
    if len(parts) % 2 == 0 or not all(parts):
        raise UsageError(f"{text.strip()!r} is no plan: write compounds and stop laps, as M-18-H")
    for lap in parts[1::2]:
        if not re.fullmatch(r"[0-9]{1,3}", lap):
            raise UsageError(f"{lap!r} in {text.strip()!r} is no lap: write a plan as M-18-H")
    for name in parts[::2]:
        _known(name, text.strip())
    plan = Plan(tuple(parts[::2]), tuple(int(lap) for lap in parts[1::2]))
    if laps is not None:
        inside(plan, laps)
    return plan


def inside(plan: Plan, laps: int) -> None:
    """Refuses a plan whose last stop is not before the last lap."""
    if plan.stops and plan.stops[-1] >= laps:
        raise UsageError(
            f"{plan} stops on lap {plan.stops[-1]} of {laps}: the last lap to stop on is {laps - 1}"
        )


def _known(name: str, text: str) -> None:
    if name in _WET:
        raise UsageError(f"{name!r} in {text!r}: a plan is for a dry race, on S, M or H")
    if name not in COMPOUNDS:
        raise UsageError(f"{name!r} in {text!r} is no compound: write S, M or H")


def faults(plan: Plan, laps: int, rules: Rules) -> list[str]:
    """What the rules have against a plan, in words; nothing where it is allowed."""
    found = []
    if plan.stops and plan.stops[-1] >= laps:
        found.append(f"it stops on lap {plan.stops[-1]}, the race has {laps}")
    short = rules.stops - len(plan.stops)
    if short > 0:
        found.append(f"{_count(rules.stops, 'stop')} asked for, it has {len(plan.stops)}")
    used = sorted(set(plan.compounds), key=_LETTERS.index)
    if len(used) < rules.compounds:
        names = " and ".join(COMPOUNDS[name] for name in used)
        found.append(f"{rules.compounds} compounds are asked for, it uses {names} alone")
    if rules.stint_laps is not None and (longest := max(plan.stints(laps))) > rules.stint_laps:
        found.append(f"a stint of {longest} laps, at most {rules.stint_laps} are allowed")
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what} is" if number == 1 else f"{number} {what}s are"


def clean_time_ms(plan: Plan, setting: Setting) -> float:
    """The plan's race by a car without deficit that meets nobody and no caution."""
    inside(plan, setting.laps)
    costs = stint_costs(setting)
    road = sum(costs[c, n] for c, n in zip(plan.indices, plan.stints(setting.laps), strict=True))
    pits = len(plan.stops) * setting.pit_loss_ms[GREEN]
    fuel = setting.fuel_ms * setting.laps * (setting.laps + 1) / 2
    return float(setting.laps * setting.lap_ms + road + pits - fuel)


def stint_costs(setting: Setting) -> FloatArray:
    """What a stint of n laps costs over clean laps: (3, laps + 1), offset and wear added up."""
    n = np.arange(setting.laps + 1, dtype=np.float64)
    return np.asarray(
        setting.offset_ms[:, None] * n + setting.wear_ms[:, None] * n * (n - 1) / 2,
        dtype=np.float64,
    )


def candidates(setting: Setting, rules: Rules, most: int = 40) -> list[Plan]:
    """Plans that are worth a simulation, the fastest on the road alone first.

    For each order of compounds that the rules allow the stop laps are those of the least time,
    exactly. Kept are the three fastest of each number of stops, then the fastest of all (of one
    set of stints four orders at most, which differ in traffic and under cautions), and of the five
    fastest those with the first stop 4 and 8 laps earlier and later.
    """
    if setting.laps < 2:
        raise UsageError(f"a race of {setting.laps} laps leaves no room for a stop: no plans")
    ranked = _optimal(setting, rules)
    if not ranked:
        raise UsageError("no plan of one to three stops keeps to the rules: check rules and laps")
    kept = [p for k in range(1, MOST_STOPS + 1) for p in _with(ranked, k)[:_EACH]]
    varied = [v for plan in ranked[:_VARIED] for v in _variants(plan, setting, rules)]
    room = most - len(varied)
    for plan in ranked:
        if len(kept) < room and plan not in kept:
            kept.append(plan)
    found = dict.fromkeys([*kept, *varied, *ranked])
    chosen = list(found)[: max(most, 1)]
    return sorted(chosen, key=lambda plan: (clean_time_ms(plan, setting), str(plan)))


def _with(plans: list[Plan], stops: int) -> list[Plan]:
    return [plan for plan in plans if len(plan.stops) == stops]


def _variants(plan: Plan, setting: Setting, rules: Rules) -> Iterator[Plan]:
    for move in _VARIANTS:
        moved = shifted(plan, 0, move, setting.laps)
        if moved is not None and not faults(moved, setting.laps, rules):
            yield moved


def shifted(plan: Plan, stop: int, laps: int, race_laps: int) -> Plan | None:
    """The plan with one stop moved by some laps; nothing where no stint would be left."""
    bounds = (0, *plan.stops, race_laps)
    lap = plan.stops[stop] + laps
    if not bounds[stop] < lap < bounds[stop + 2]:
        return None
    return Plan(plan.compounds, (*plan.stops[:stop], lap, *plan.stops[stop + 1 :]))


def _optimal(setting: Setting, rules: Rules) -> list[Plan]:
    """By time: of each order of compounds the best plan, if the rules allow it."""
    costs = _least_costs(setting, rules)
    found: list[tuple[float, str, Plan]] = []
    for sequence, at_end, origin in _sequences(costs):
        stops = len(sequence) - 1
        if stops < max(rules.stops, 1) or len(set(sequence)) < rules.compounds:
            continue
        if np.isfinite(at_end[-1]):
            plan = Plan(tuple(_LETTERS[c] for c in sequence), _stops(origin))
            time = round(float(at_end[-1]) + stops * float(setting.pit_loss_ms[GREEN]), 3)
            found.append((time, str(plan), plan))
    kept: list[Plan] = []
    orders: Counter[tuple[str, ...]] = Counter()
    for _, _, plan in sorted(found, key=lambda row: row[:2]):
        stints = tuple(sorted(plan.compounds))
        orders[stints] += 1
        if orders[stints] <= _ORDERS:
            kept.append(plan)
    return kept


def _least_costs(setting: Setting, rules: Rules) -> FloatArray:
    """`stint_costs`, infinite for a stint that is not allowed or too short to be planned."""
    costs = stint_costs(setting)
    shortest = max(1, min(round(_SHORTEST * setting.laps), setting.laps // (MOST_STOPS + 1)))
    costs[:, :shortest] = np.inf
    if rules.stint_laps is not None:
        costs[:, rules.stint_laps + 1 :] = np.inf
    return costs


_Step = tuple[tuple[int, ...], FloatArray, list[FloatArray]]


def _sequences(costs: FloatArray) -> Iterator[_Step]:
    """All orders of two to four compounds: the least cost of ending at each lap, and whence.

    Least cost of k + 1 stints to lap m: over the lap l of the last stop the least one of k stints
    to l and a stint of m - l. Orders with the same beginning share it, so there are 120 such steps.
    """
    laps = costs.shape[1]
    after = np.arange(laps)[None, :] - np.arange(laps)[:, None]
    stint = np.where(after > 0, costs[:, np.maximum(after, 0)], np.inf)
    steps: list[_Step] = [((c,), costs[c], []) for c in range(3)]
    for _ in range(MOST_STOPS):
        steps = [_extended(step, c, stint[c]) for step, c in itertools.product(steps, range(3))]
        yield from steps


def _extended(step: _Step, compound: int, stint: FloatArray) -> _Step:
    sequence, at_end, origin = step
    totals = at_end[:, None] + stint
    from_lap = totals.argmin(axis=0)
    best = totals[from_lap, np.arange(len(from_lap))]
    return (*sequence, compound), best, [*origin, from_lap.astype(np.float64)]


def _stops(origin: list[FloatArray]) -> tuple[int, ...]:
    """Back from the last lap: the lap that each stint began after."""
    lap, found = len(origin[0]) - 1, []
    for whence in reversed(origin):
        lap = int(whence[lap])
        found.append(lap)
    return tuple(reversed(found))
