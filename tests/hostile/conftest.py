"""The working folder of the command line's tests, here too."""

from tests.vedette.conftest import folder

__all__ = ["folder"]
