"""Lists of indicators: how they are read, and how values of events are looked up in them."""
