"""Who is asking: passwords, sessions, roles and limits on guessing."""
