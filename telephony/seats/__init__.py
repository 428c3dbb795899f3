"""Seats (坐席): what queues, devices and calls say of one agent folded into one state."""
