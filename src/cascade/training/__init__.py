"""From files of events to trained models, and from those to predictions."""
