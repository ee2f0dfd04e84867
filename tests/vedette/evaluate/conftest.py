"""The made-up sets, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vedette.evaluate import made


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all sets in it; tests only read it."""
    return made.everything(tmp_path_factory.mktemp("public"))
