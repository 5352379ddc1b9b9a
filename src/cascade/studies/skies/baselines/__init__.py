"""What networks are compared with: scans for pairs and multiplets, and trees on both."""
