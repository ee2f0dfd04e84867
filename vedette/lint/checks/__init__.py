"""The checks, one file a family; `vedette.lint.registry` finds them here."""
