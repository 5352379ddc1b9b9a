"""A user's own stations, from HDF5 files."""
