"""Reusable parts of networks: no physics, one concept a file."""
