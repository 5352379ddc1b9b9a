"""A user's own traces, from HDF5 and ROOT files."""
