"""The rate of each step: up over the first steps, then down along a cosine."""

import math

FLOOR = 0.05  # of the highest rate, at the end


def share_of_rate(step, *, steps, warm_up):
    """Gives the share of the highest rate that step 0, 1, … learns with."""
    rise = min(1.0, (step + 1) / warm_up)
    fall = (1 + math.cos(math.pi * step / steps)) / 2
    return rise * (FLOOR + (1 - FLOOR) * fall)
