"""Why something scored as it did: what each column adds, and texts that a person can read."""
