"""Simple counters and charts, which many a deep model does not beat."""
