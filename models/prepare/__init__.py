"""Data before anything learns from them: checked, split, sampled, balanced, made private."""
