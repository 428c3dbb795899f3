"""Signed webhooks (C9): events of cases to other systems, in order per case, until they arrive."""
