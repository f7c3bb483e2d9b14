"""Training: probes, and what learned defences are made of."""
