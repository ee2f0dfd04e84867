"""Several detectors' p-values into one, without labels and with them."""
