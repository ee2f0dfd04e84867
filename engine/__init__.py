"""The pure engine: events in, alerts out; no sockets, no files written, a clock passed in."""
