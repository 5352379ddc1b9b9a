"""Numbers of nature that the study's rooms share."""

SPEED_OF_LIGHT = 0.299792458
"""In vacuum [m/ns]."""
PROTON, IRON = 1, 56
"""Mass numbers of the primaries between which a score decides."""
