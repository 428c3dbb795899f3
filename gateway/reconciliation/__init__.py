"""Reconciliation: what is recorded against the switchboard's own records, and what was found."""
