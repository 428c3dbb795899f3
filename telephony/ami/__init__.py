"""The Asterisk Manager Interface: bytes to messages, actions to bytes, and the link to one switch."""
