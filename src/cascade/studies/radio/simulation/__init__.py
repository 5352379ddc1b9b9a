"""Simulation of traces."""
