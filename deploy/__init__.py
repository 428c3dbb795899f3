"""What the system needs around it: switchboard configuration, servers brought for trials."""
