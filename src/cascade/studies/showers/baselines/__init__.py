"""What was known before networks: fits, likelihoods, and boosted trees on their results."""
