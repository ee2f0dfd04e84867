"""Hunts: questions asked of a span of time, on a schedule; evaluation over rows, without I/O."""
