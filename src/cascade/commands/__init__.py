"""The verbs of the command line, one a file: options in, a finished file out."""
