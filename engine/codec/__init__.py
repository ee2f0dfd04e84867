"""Compiled rules as JSON and back, exactly; what reads them believes nothing that they say."""
