"""The application's shell: command line, settings and the wiring of every part."""

from pathlib import Path

__version__ = "0.1.0"

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the packages: the checkout, or site-packages once installed."""
