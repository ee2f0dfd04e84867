"""Detectors on public data sets, by one honest protocol (`protocol.toml`)."""
