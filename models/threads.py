"""How many threads the libraries below NumPy compute on.

The products here are small: threads gain little where cores are idle. Beside other work they wait
for one another while they spin, which costs up to twenty times the CPU of one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, linear algebra and OpenMP of the libraries that are loaded by now have one thread.

    That takes threadpoolctl, which comes with scikit-learn; where it is missing nothing changes.
    """
    try:
        pools = import_module("threadpoolctl")
    except ModuleNotFoundError:
        yield
        return
    with pools.threadpool_limits(1):
        yield
