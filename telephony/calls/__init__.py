"""Calls: what Asterisk says of channels, queues and bridges folded into one caller's stay."""
