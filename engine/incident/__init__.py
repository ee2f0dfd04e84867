"""Findings to incidents: the alerts of one story put together, ranked and told in words."""
