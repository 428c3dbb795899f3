"""FastAGI: the dialplan asks, a script of ours answers while the loop serves the other callers."""
