"""The Asterisk Manager Interface: bytes to messages, actions to bytes, the link to a switch."""
