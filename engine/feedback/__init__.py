"""What people say of alerts, and what that changes: confidence, risk, thresholds, exceptions."""
