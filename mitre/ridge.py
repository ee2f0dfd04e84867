"""Kernel ridge regression in closed form, with what it would say of each row left out.

Saunders, Gammerman, Vovk: Ridge Regression Learning Algorithm in Dual Variables (1998). With
G = (K + λ I)⁻¹ and dual weights A = G Y, the prediction for row i by all the others is
Y_i - A_i / G_ii: cross-fitting over thousands of texts at the cost of one inversion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def fit(kernel: Floats, wanted: Floats, penalty: float) -> tuple[Floats, Floats]:
    """Dual weights (n, classes), and the leave-one-out predictions (n, classes).

    A query with similarities k, (n,), is predicted as k @ weights.
    """
    damped = kernel + penalty * np.eye(len(kernel), dtype=np.float32)
    inverse = np.linalg.inv(damped)
    weights = inverse @ wanted
    left_out = wanted - weights / np.diag(inverse)[:, None]
    # Half precision is enough, and what is kept on disk is then what is used.
    stored = np.asarray(weights, dtype=np.float16)
    return stored.astype(np.float32), np.asarray(left_out, dtype=np.float32)
