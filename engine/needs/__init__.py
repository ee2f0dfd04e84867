"""What a rule cannot do without: conditions that every event it matches satisfies, for indices."""
