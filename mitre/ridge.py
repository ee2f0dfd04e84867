"""Kernel ridge regression in closed form, with what it would say of each row left out.

Saunders, Gammerman, Vovk: Ridge Regression Learning Algorithm in Dual Variables (1998). With
G = (K + λ I)⁻¹ and dual weights A = G Y, the prediction for row i by all the others is
Y_i - A_i / G_ii: cross-fitting over thousands of texts at the cost of one inversion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SMALL = 256
"""Rows up to which a matrix is factored and inverted in one step."""


def fit(
    kernel: Floats, wanted: Floats, penalty: float, mates: NDArray[np.int64] | None = None
) -> tuple[Floats, Floats]:
    """Dual weights (n, classes), and the leave-one-out predictions (n, classes).

    A query with similarities k, (n,), is predicted as k @ weights. `mates` (n,) names for each row
    one that is left out together with it, itself where there is none; the mate's mate is the row.
    """
    mates = np.arange(len(kernel)) if mates is None else mates
    weights, diagonal, beside = _solved(kernel, wanted, penalty, mates)
    left_out = wanted - _apart(weights, diagonal, beside, mates)
    # Half precision is enough, and what is kept on disk is then what is used.
    stored = np.asarray(weights, dtype=np.float16)
    return stored.astype(np.float32), np.asarray(left_out, dtype=np.float32)


def _apart(weights: Floats, diagonal: Floats, beside: Floats, mates: NDArray[np.int64]) -> Floats:
    """How far each row is from what the others say of it: A_i / G_ii, or the same for a pair.

    For two rows left out together it is the row of G_SS⁻¹ A_S, where S are the two.
    """
    pair = mates != np.arange(len(mates))
    found = weights / diagonal[:, None]
    own, other, across = diagonal[pair], diagonal[mates[pair]], beside[pair]
    both = own * other - across**2
    found[pair] = (other[:, None] * weights[pair] - across[:, None] * weights[mates[pair]]) / both[
        :, None
    ]
    return np.asarray(found, dtype=np.float32)


def _solved(
    kernel: Floats, wanted: Floats, penalty: float, mates: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """G `wanted`, the diagonal of G, and of each row G's entry with its mate.

    By L⁻¹, where L Lᵀ is K + λ I: that takes about a third of the time of inverting it.
    """
    lower = kernel.copy()
    lower.reshape(-1)[:: len(kernel) + 1] += np.float32(penalty)
    try:
        _invert_root(lower)
    except np.linalg.LinAlgError:  # similarities that are no kernel: encoders' may be none
        inverse = np.linalg.inv(kernel + np.float32(penalty) * np.eye(len(kernel)))
        weights = np.asarray(inverse @ wanted, np.float32)
        beside = np.asarray(inverse[np.arange(len(mates)), mates], np.float32)
        return weights, np.asarray(np.diag(inverse), np.float32), beside
    weights = _times_upper(lower, _times_lower(lower, wanted))
    diagonal = np.asarray(np.einsum("ij,ij->j", lower, lower), np.float32)
    beside = diagonal.copy()
    for row in np.flatnonzero(mates != np.arange(len(mates))):
        beside[row] = lower[:, row] @ lower[:, mates[row]]
    return weights, diagonal, beside


def _invert_root(matrix: Floats) -> None:
    """Put L⁻¹ in the place of the matrix L Lᵀ, by halves; raises where it is no such matrix."""
    size = len(matrix)
    if size <= SMALL:
        matrix[:] = np.tril(np.linalg.inv(np.linalg.cholesky(matrix)))
        return
    half = size // 2
    first, last = matrix[:half, :half], matrix[half:, half:]
    _invert_root(first)
    below = _times_lower(first, matrix[half:, :half].T).T
    last -= below @ below.T
    _invert_root(last)
    matrix[half:, :half] = -_times_lower(last, _times_upper(first, below.T).T)
    matrix[:half, half:] = 0


def _times_lower(lower: Floats, rows: Floats) -> Floats:
    """L X for a lower triangle, by halves: what is 0 is not multiplied."""
    if len(lower) <= SMALL:
        return lower @ rows
    half, found = len(lower) // 2, np.empty((len(lower), rows.shape[1]), dtype=np.float32)
    found[:half] = _times_lower(lower[:half, :half], rows[:half])
    found[half:] = _times_lower(lower[half:, half:], rows[half:])
    found[half:] += lower[half:, :half] @ rows[:half]
    return found


def _times_upper(lower: Floats, rows: Floats) -> Floats:
    """Lᵀ X for a lower triangle L, in the same way."""
    if len(lower) <= SMALL:
        return lower.T @ rows
    half, found = len(lower) // 2, np.empty((len(lower), rows.shape[1]), dtype=np.float32)
    found[half:] = _times_upper(lower[half:, half:], rows[half:])
    found[:half] = _times_upper(lower[:half, :half], rows[:half])
    found[:half] += lower[half:, :half].T @ rows[half:]
    return found
