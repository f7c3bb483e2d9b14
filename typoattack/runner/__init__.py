"""From a suite to stored predictions."""
