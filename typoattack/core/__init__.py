"""What everything stands on: errors, files, randomness, registries."""
