"""Curves of a set's detectors as pictures: precision over recall, and recall over false alarms."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np

from engine.errors import InputError
from vedette.evaluate.measure import Curve, curve
from vedette.evaluate.run import Result, is_fused

MOST = 8
"""Detectors drawn: those with the largest area, and the fused one."""


def curves(result: Result) -> dict[str, Curve]:
    """The curves of the detectors that are drawn, the best first."""
    labels, weights = result.part.labels, result.part.weights
    every = {name: curve(-log_p, labels, weights) for name, log_p in result.log_p.items()}
    best = sorted(every, key=lambda name: (not is_fused(name), -every[name].pr_auc()))[:MOST]
    return {name: every[name] for name in best}


def pictures(result: Result) -> dict[str, bytes]:
    """PNG pictures by their names; `InputError` without matplotlib."""
    drawn = curves(result)
    return {
        f"{result.name}-precision-recall.png": _picture(result.name, drawn, _precision_recall),
        f"{result.name}-roc.png": _picture(result.name, drawn, _roc),
    }


def _precision_recall(axes: Any, name: str, each: Curve) -> None:
    recall = np.append(0.0, each.recall)
    precision = np.append(each.precision[0], each.precision)
    axes.plot(recall, precision, drawstyle="steps-pre", label=f"{name}  {each.pr_auc():.3f}")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))


def _roc(axes: Any, name: str, each: Curve) -> None:
    # False alarms matter where they are few: a linear axis would hide that.
    floor = 1e-5
    axes.plot(np.maximum(each.rate, floor), each.recall, label=f"{name}  {each.roc_auc():.3f}")
    axes.set(xlabel="false-positive rate", ylabel="recall", xscale="log")
    axes.set(xlim=(floor, 1), ylim=(0, 1.02))


def _picture(title: str, drawn: dict[str, Curve], draw: Callable[[Any, str, Curve], None]) -> bytes:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("pictures need matplotlib: pip install 'vedette[ml]'") from error
    figure = Figure(figsize=(7.2, 4.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, each in drawn.items():
        draw(axes, name, each)
    axes.set_title(title, loc="left")
    axes.grid(alpha=0.25)
    axes.legend(fontsize="small", title="area", alignment="left")
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
