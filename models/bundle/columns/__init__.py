"""What detectors of vectors can look at in a window: each kind of columns with its words."""
