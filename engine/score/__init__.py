"""Events scored by models as they come: windows of entities, anomalies, their alerts.

Nothing else in `engine/` imports `models/`, and this room only where models are configured.
"""
