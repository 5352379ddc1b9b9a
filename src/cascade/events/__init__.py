"""Events in and out of files: their schema, HDF5, ROOT, and the seeds that they are drawn from."""
