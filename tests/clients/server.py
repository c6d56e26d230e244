"""The server that the clients call, and what they ask of it."""

import os
from typing import Literal

from pydantic import BaseModel

ORIGIN = os.environ["SERVER"]
URL = f"{ORIGIN}/v1"
KEY = os.environ["SERVER_KEY"]
MODEL = "smollm2-135m-instruct"

HI = [{"role": "user", "content": "Say hello."}]
ABOUT_RAIN = [{"role": "user", "content": "Will it rain in Bern tomorrow?"}]
TOO_LONG = [{"role": "user", "content": "word " * 5000}]


class Opinion(BaseModel):
    """What to think of a film; short, so that the answer ends."""

    mood: Literal["good", "bad"]
    seen: bool


ABOUT_A_FILM = [{"role": "user", "content": "What do you think of this film?"}]


class Weather(BaseModel):
    """Returns the weather of a city."""

    city: Literal["Bern", "Rome"]
    unit: Literal["celsius", "fahrenheit"]
