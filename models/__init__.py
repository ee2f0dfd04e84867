"""Log-anomaly models, a leaf that knows no rule and no index.

No model has landed yet: detection is by rules alone. The package exists so that the import
contract already holds its place.
"""
