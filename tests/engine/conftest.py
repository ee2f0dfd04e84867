"""Property tests in a size that a busy machine of two cores finishes quickly."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "vedette",
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("vedette")
