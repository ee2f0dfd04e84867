"""The checks, one file a family; `registry.every` finds them."""
