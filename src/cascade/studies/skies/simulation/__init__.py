"""Simulation of skies."""
