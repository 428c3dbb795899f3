"""Ticketing (工单): cases that follow from calls."""
