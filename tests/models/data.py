"""Made-up data of each kind that detectors take, normal and strange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from models.base import Takes
from models.feature.past import Past
from models.feature.volume import Volume
from models.graph.edge import Edge

PROGRAMS = ("word.exe", "mail.exe")
VERBS = ("opened", "closed", "reset", "accepted", "refused")


def sessions(count: int, seed: int = 0) -> list[tuple[int, ...]]:
    """Log-in, some work, log-out, with small differences."""
    rng = np.random.default_rng(seed)
    return [
        (1, 2, *(int(each) for each in rng.choice([3, 4, 5], rng.integers(2, 8))), 6)
        for _ in range(count)
    ]


def vectors(count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Six columns that go together."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(count, 2))
    return np.hstack([base, base @ rng.normal(size=(2, 4))]) + rng.normal(0, 0.1, (count, 6))


def texts(count: int, seed: int = 0) -> list[str]:
    """Templates of a mail server's messages."""
    rng = np.random.default_rng(seed)
    return [
        f"connection from <*> {VERBS[rng.integers(5)]} by service {rng.integers(4)}"
        for _ in range(count)
    ]


def series(count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Counts an hour with a daily rhythm."""
    hours = np.arange(count)
    rate = 20 + 10 * np.sin(hours * 2 * np.pi / 24)
    return np.random.default_rng(seed).poisson(rate).astype(np.float64)


def edges(count: int, seed: int = 0) -> list[tuple[Edge, ...]]:
    """Windows in which each of six users is at their own host, and programs start programs."""
    rng = np.random.default_rng(seed)
    return [
        tuple(
            edge
            for user in rng.choice(6, rng.integers(2, 5), replace=False).tolist()
            for edge in (
                Edge("user-host", f"u{user}", f"ws{user}"),
                Edge("parent-child", "explorer.exe", PROGRAMS[int(rng.integers(2))]),
            )
        )
        for _ in range(count)
    ]


def volumes(count: int, seed: int = 0) -> list[Volume]:
    """Windows of four hosts, each with a usual number of events of its own."""
    rng, past = np.random.default_rng(seed), Past()
    return [
        past.add(f"h{at % 4}", 1_000 + at // 4, 1 + int(rng.poisson(10 * (1 + at % 4))))
        for at in range(count)
    ]


MAKE: dict[Takes, Callable[..., Any]] = {
    Takes.SESSIONS: sessions,
    Takes.VECTORS: vectors,
    Takes.TEXTS: texts,
    Takes.SERIES: series,
    Takes.EDGES: edges,
    Takes.VOLUMES: volumes,
}


def strange(takes: Takes) -> Any:
    """Data of the kind `takes` as training never saw it, five of them."""
    if takes is Takes.SESSIONS:
        return [(6, 6, 6, 1), (0, 0, 0), (9, 9, 9, 9, 9), (3,) * 40, (2, 1, 6, 6, 5, 9)]
    if takes is Takes.VECTORS:
        return np.full((5, 6), 25.0) * np.array([1, -1, 1, -1, 1, -1])
    if takes is Takes.TEXTS:
        return [f"kernel panic: stack of {word} smashed" for word in ("a", "b", "c", "d", "e")]
    if takes is Takes.EDGES:
        return [tuple(Edge("user-host", f"u{n}", f"srv{at}") for at in range(20)) for n in range(5)]
    if takes is Takes.VOLUMES:
        return [Volume("h0", 1_030, 400 + 100 * n, (9, 10, 11) * 8, 0) for n in range(5)]
    return np.array([400.0, 500.0, 600.0, 700.0, 800.0])


def odd(takes: Takes) -> Any:
    """Data at the edges of what is allowed: empty, constant, huge, of odd characters."""
    if takes is Takes.SESSIONS:
        return [(), (1,), (0,), (1,) * 5_000, (10**9, 2)]
    if takes is Takes.VECTORS:
        return np.vstack([np.zeros(6), np.ones(6), np.full(6, 1e12), np.full(6, -1e12)])
    if takes is Takes.TEXTS:
        return ["", "x", "💥🔥" * 50, "a" * 1_000_000, "\x00\ud800 \u202e"]
    if takes is Takes.EDGES:
        name = "\ud800" * 9
        return [(), (Edge("", "", ""),), (Edge(name, name, name),) * 999, (Edge("a", "b", "c"),)]
    if takes is Takes.VOLUMES:
        none, huge = (0,) * 24, (10**12,) * 24
        return [
            Volume("\ud800", 0, 0),
            Volume("h0", 5, 10**12, none, 99),
            Volume("h9", -7, 1, huge),
        ]
    return np.array([0.0, 0.0, 1e12, 0.0])


def constant(takes: Takes) -> Any:
    """Forty times the same."""
    if takes is Takes.SESSIONS:
        return [(1, 1, 1)] * 40
    if takes is Takes.VECTORS:
        return np.ones((40, 6))
    if takes is Takes.TEXTS:
        return ["the same"] * 40
    if takes is Takes.EDGES:
        return [(Edge("user-host", "u", "ws"),)] * 40
    if takes is Takes.VOLUMES:
        return [Volume("h0", at, 1) for at in range(40)]
    return np.ones(40)
