"""Figures: one module per kind, one style, no physics and no torch."""
