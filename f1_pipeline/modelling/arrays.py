"""The array types of this layer, and the one ranking they share."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


def ranks(values: FloatArray) -> FloatArray:
    """Places 1 to n in ascending order; equal values in the order of the array."""
    order = np.argsort(values, kind="stable")
    places = np.empty(len(values))
    places[order] = np.arange(1, len(values) + 1)
    return places
