"""Telephony: what the switchboard says, turned into typed events about calls and seats."""
