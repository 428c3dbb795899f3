"""Files of cases: which kinds are taken, and the rows that tell of them."""
