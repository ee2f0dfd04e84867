"""How networks learn: one loop for all, what a run leaves behind, and learning more with replay."""
