"""Skies from a user's own files."""
