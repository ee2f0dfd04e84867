"""Rules that make one number of several p-values, each from logarithms of shape (n, d).

All return how strange the whole is, higher = stranger. None is a p-value yet: the classical ones
assume that detectors are independent, or that dependence does not matter in the far tail.
`fusion.py` makes p-values of them by what they are on normals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from models.base import Floats

FAR = -30.0
"""log p below which the tangent of Cauchy's rule is 1 / (π p) to the last digit."""


def cauchy(log_p: Floats) -> Floats:
    """Mean of cot(π p), as the logarithm of where it is large: few small p decide.

    Liu and Xie, Cauchy Combination Test: A Powerful Test with Analytic p-Value Calculation Under
    Arbitrary Dependency Structures (2020).
    """
    p = np.exp(np.clip(log_p, FAR, np.log(0.99)))
    mean = (1 / np.tan(np.pi * p)).mean(axis=1)
    far = _log_mean(-log_p) - np.log(np.pi)
    near = np.where(mean > 1, 1 + np.log(np.maximum(mean, 1)), mean)
    return np.asarray(np.where(log_p.min(axis=1) < FAR, 1 + far, near))


def harmonic(log_p: Floats) -> Floats:
    """Minus the logarithm of the harmonic mean of p.

    Wilson, The Harmonic Mean p-Value for Combining Dependent Tests (PNAS 116, 2019).
    """
    return _log_mean(-log_p)


def fisher(log_p: Floats) -> Floats:
    """Minus twice the sum of log p: what many find a little strange counts as well.

    Fisher, Statistical Methods for Research Workers (1932).
    """
    return np.asarray(-2 * log_p.sum(axis=1))


def rank(log_p: Floats) -> Floats:
    """The mean of 1 - p: the mean rank among normals. How far beyond them plays no part."""
    return np.asarray(1 - np.exp(log_p).mean(axis=1))


def minimum(log_p: Floats) -> Floats:
    """The smallest p alone (Tippett, The Methods of Statistics, 1931)."""
    return np.asarray(-log_p.min(axis=1))


RULES: Mapping[str, Callable[[Floats], Floats]] = {
    rule.__name__: rule for rule in (cauchy, harmonic, fisher, rank, minimum)
}


def _log_mean(logs: Floats) -> Floats:
    return np.asarray(np.logaddexp.reduce(logs, axis=1) - np.log(logs.shape[1]))
