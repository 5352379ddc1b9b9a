"""What networks are compared with: threshold, matched filter, Wiener filter, information limit."""
