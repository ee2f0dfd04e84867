"""Shared fixtures, and the rule that what must run does run.

`VEDETTE_REQUIRE=live,shared` turns a skipped live-server test into a failure, and a skipped
shared-data test too wherever the data folder is there.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# In CI the same examples every time: what it says of a change must not hang on chance. A run at
# hand, and `make long`, draw new ones.
settings.register_profile(
    "vedette",
    deadline=None,
    derandomize="VEDETTE_REQUIRE" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("vedette")

ROOT = Path(__file__).resolve().parent.parent
CACHE_HOME = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
"""The user's cache folder. Only the servers that tests start are kept there."""

SHARED = Path(os.environ.get("VEDETTE_SHARED", ROOT.parent / "shared")) / "data"


def required() -> set[str]:
    """The kinds of test that may not be skipped in this run."""
    named = {part.strip() for part in os.environ.get("VEDETTE_REQUIRE", "").split(",")}
    if not SHARED.is_dir():
        named.discard("shared")
    return named - {""}


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A cache folder for the run: no test finds what an earlier run compiled, or leaves any."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no public data folder at {SHARED}")
    return SHARED


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out to processes by file, all files with live servers to one of them.

    The servers are started once then, and fixtures of a file are made once.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "live" if _is_live(file) else file

    return ByFile(config, log)


@cache
def _is_live(file: str) -> bool:
    return "mark.live" in (ROOT / file).read_text("utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a skip of a required kind as the failure it is."""
    report = yield
    kinds = {mark.name for mark in item.iter_markers()} & required()
    if report.skipped and kinds and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"required ({', '.join(sorted(kinds))}) but skipped: {reason}"
    return report
