"""What the system needs around it: switchboard configuration and the servers brought along for trials."""
