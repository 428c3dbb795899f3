"""Finding cases by what is said in them (C1): their words, kept and searched."""
