"""Numbers that say how good a prediction is, each with its statistical uncertainty."""
