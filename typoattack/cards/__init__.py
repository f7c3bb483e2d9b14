"""Cards: a run's figures with what is needed to check them, and the check."""
