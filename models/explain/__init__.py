"""Why something scored as it did: what each column adds."""
