"""ATT&CK as a leaf: tactics and techniques by id, and what a rule's tags say of them."""
