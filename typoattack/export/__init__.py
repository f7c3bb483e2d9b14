"""Attacked data sets for other tools."""
