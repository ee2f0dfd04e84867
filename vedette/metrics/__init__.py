"""Figures of a run for Prometheus, and whether it lives and is ready, over HTTP.

Sources, sinks and state stores are wrapped in what counts and hands on: whoever drives them need
not know of it.
"""
