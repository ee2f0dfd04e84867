"""The observers, one file a family; `registry.every` finds them."""
