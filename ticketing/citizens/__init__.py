"""Those who call, known by their number: what is kept of them, and nuisance marks (C6, T6)."""
