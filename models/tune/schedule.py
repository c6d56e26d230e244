"""The learning rate by step: a linear warm-up, then a cosine decay."""

import math

FLOOR = 0.05  # share of the highest rate at the end


def share_of_rate(step, *, steps, warm_up):
    """Returns the share of the highest rate at step 0, 1, …"""
    rise = min(1.0, (step + 1) / warm_up)
    fall = (1 + math.cos(math.pi * step / steps)) / 2
    return rise * (FLOOR + (1 - FLOOR) * fall)
