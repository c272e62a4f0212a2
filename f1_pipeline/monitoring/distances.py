"""How far two groups of races are apart: PSI, KS, a shift of the mean, and what is chance.

A sample is the list of its races, oldest first, each an array of values (NaN: not known). Here
belong numbers alone; what they are numbers of is in `quantities`, what follows from them in
`drift`.

PSI (population stability index) is the sum over cells of (p - q) ln(p / q), the symmetric
Kullback-Leibler divergence of two histograms: 0 for equal shares; by convention 0.1 is a moderate
change and 0.25 a large one. For independent values it is about (1/m + 1/n) times a chi-square with
a degree less than cells (B. Yurdakul, "Statistical Properties of Population Stability Index",
2018), so what is chance is stated as a factor of (1/m + 1/n), m and n being races. For two normal
distributions of spread 1 that are d apart it is d squared: `shift` is that.
"""

from collections.abc import Sequence

import numpy as np

from f1_pipeline.modelling.arrays import FloatArray, IntArray

CELLS = 4  # a team's form takes ten values in a field: tenths would hold a team each
LEAST = 3  # races on either side of a split: one wet weekend is no change
SHUFFLES = 199
SEED = 20_140_316
_POINTS = 10  # of the distribution functions that are shuffled

Races = Sequence[FloatArray]


def splits(races: int) -> IntArray:
    """In how many newest races and older ones the races can be split: the newest of each split."""
    return np.arange(LEAST, races - LEAST + 1)


def psi(races: Races, newest: IntArray) -> FloatArray:
    """PSI of the newest races against those before them, for each number of newest ones.

    Cells are the quarters of all values together (or the values, where they are four or fewer),
    and one more for what is not known; one value spread as all of them is added to either side,
    so that no cell is empty and equal shares give 0.
    """
    counts = _cells(races)
    total = counts.sum(axis=0)
    counts, total = counts[:, total > 0], total[total > 0]
    after = counts[::-1].cumsum(axis=0)[newest - 1]
    before = total - after
    shares = total / total.sum()
    p, q = ((side + shares) / (side.sum(axis=1, keepdims=True) + 1) for side in (after, before))
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1), dtype=np.float64)


def shift(races: Races, newest: IntArray) -> FloatArray:
    """Squared difference of the means of the newest races and of those before them.

    A race counts as the mean of its values, which are in standard deviations of such a mean.
    """
    means = np.array([race.mean() for race in races])
    after = means[::-1].cumsum()[newest - 1]
    return np.asarray(
        (after / newest - (means.sum() - after) / (len(means) - newest)) ** 2, dtype=np.float64
    )


def ks(races: Races, newest: int) -> float:
    """Greatest distance of the distribution functions of the newest races and those before them.

    What is not known counts as greater than all that is.
    """
    values = np.concatenate(races)
    points = np.unique(values[~np.isnan(values)])
    functions = _below(races, points)
    sizes = np.array([len(race) for race in races], dtype=np.float64)
    after, before = functions[len(races) - newest :], functions[: len(races) - newest]
    apart = after.sum(axis=0) / sizes[-newest:].sum() - before.sum(axis=0) / sizes[:-newest].sum()
    return float(np.abs(apart).max(initial=0.0))


def p_of_ks(races: Races, newest: int) -> float:
    """How often the races in any order have a split as far apart as this one.

    Splits are compared by sqrt(m n / (m + n)) times their distance. The rows of a race stay
    together, since they are not independent, so the units are races.
    """
    values = np.concatenate(races)
    known = values[~np.isnan(values)]
    if not len(known):
        return 1.0
    points = np.quantile(known, np.arange(1, _POINTS) / _POINTS, method="inverted_cdf")
    functions = _below(races, np.unique(np.append(points, known.max())))
    sizes = np.array([len(race) for race in races], dtype=np.float64)
    return _p(functions, sizes, newest)


def p_of_shift(races: Races, newest: int) -> float:
    """The same for the difference of the means, each race being one value."""
    means = np.array([race.mean() for race in races])
    return _p(means[:, None], np.ones(len(means)), newest)


def _cells(races: Races) -> FloatArray:
    """Races by cells: how many of their values lie in each; the last cell is of the unknown."""
    values = np.concatenate(races)
    known = values[~np.isnan(values)]
    edges = np.unique(known)
    if len(edges) > CELLS:
        shares = np.arange(1, CELLS) / CELLS
        edges = np.unique(np.quantile(known, shares, method="inverted_cdf"))
    counts = np.zeros((len(races), len(edges) + 2))
    for row, race in enumerate(races):
        in_cell = np.searchsorted(edges, race[~np.isnan(race)], side="left")
        counts[row, :-1] = np.bincount(in_cell, minlength=len(edges) + 1)
        counts[row, -1] = np.isnan(race).sum()
    return counts


def _below(races: Races, points: FloatArray) -> FloatArray:
    """Races by points: how many values of the race are known and not above the point."""
    return np.array(
        [
            np.searchsorted(np.sort(race[~np.isnan(race)]), points, side="right").astype(np.float64)
            for race in races
        ]
    )


def _p(sums: FloatArray, sizes: FloatArray, newest: int) -> float:
    """`sums`: races by statistics, each a sum over the race; `sizes`: of how many values."""
    orders = np.argsort(np.random.default_rng(SEED).random((SHUFFLES, len(sizes))), axis=1)
    all_splits = splits(len(sizes))
    found = _weighted(sums[None], sizes[None], np.array([newest]))[0]
    shuffled = _weighted(sums[orders], sizes[orders], all_splits)
    # A hair's breadth for the same sums in another order.
    return float((1 + (shuffled >= found - 1e-9).sum()) / (1 + SHUFFLES))


def _weighted(sums: FloatArray, sizes: FloatArray, newest: IntArray) -> FloatArray:
    """Per order of the races the greatest distance over the splits, weighed by their races."""
    races = sizes.shape[1]
    after = sums[:, ::-1].cumsum(axis=1)[:, newest - 1]
    many = sizes[:, ::-1].cumsum(axis=1)[:, newest - 1, None]
    before = sums.sum(axis=1)[:, None] - after
    apart = np.abs(after / many - before / (sizes.sum(axis=1)[:, None, None] - many)).max(axis=2)
    weights = np.sqrt(newest * (races - newest) / races)
    return np.asarray((apart * weights).max(axis=1), dtype=np.float64)
