"""Lint for Sigma rules: small checks that find each other, and how their findings are told."""
