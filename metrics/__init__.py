"""Metrics: definitions of the figures and how they are published."""
