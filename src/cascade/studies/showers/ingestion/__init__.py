"""A user's own showers: stations and truth from ROOT files."""
