"""A run's folder: the schema of its predictions, its manifest, shards joined."""
