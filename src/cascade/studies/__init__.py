"""The studies: each package supplies the physics of its events, methods and products."""
