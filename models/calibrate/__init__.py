"""From raw scores to p-values that compare across detectors, and to thresholds from a budget."""
