"""The figures that are reported, from a predictions table alone."""
