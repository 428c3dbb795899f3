"""Surge warnings (热点预警, C10): too large a share of a class, clusters of a place and topic."""
