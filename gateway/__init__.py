"""Gateway: settings, wiring, roles, HTTP and WebSocket surface of the program."""
