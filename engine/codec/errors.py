"""What goes wrong between compiled rules and their JSON."""

from __future__ import annotations


class EncodeError(ValueError):
    """A value has no JSON here that would bring it back exactly; it is compiled each time."""


class DecodeError(ValueError):
    """What should be compiled rules is not: damaged, or written by something else."""
