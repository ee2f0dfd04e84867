"""What is counted, timed and cut out of a stream of events before a detector sees it."""
