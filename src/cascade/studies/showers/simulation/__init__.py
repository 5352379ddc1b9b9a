"""The toy simulation of air showers, from the primary to the traces of the stations."""
