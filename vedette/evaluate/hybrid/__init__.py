"""`vedette evaluate hybrid`: what rules, grouping and models find of recorded attacks."""
