"""Instructor: pydantic models by tools, by JSON and by schema, whole and streamed."""

import asyncio
import unittest

import instructor
from openai import AsyncOpenAI, OpenAI

from server import ABOUT_A_FILM, KEY, MODEL, Opinion, URL

ask = {
    "model": MODEL,
    "messages": ABOUT_A_FILM,
    "temperature": 0,
    "max_tokens": 60,
    "max_retries": 0,
}


def client(mode=instructor.Mode.TOOLS):
    return instructor.from_openai(OpenAI(base_url=URL, api_key=KEY), mode=mode)


class Instructor(unittest.TestCase):
    def test_create_by_tools(self):
        self.check_create(instructor.Mode.TOOLS)

    def test_create_by_json_schema(self):
        self.check_create(instructor.Mode.JSON_SCHEMA)

    def check_create(self, mode):
        reply = client(mode).create(response_model=Opinion, **ask)
        self.assertIsInstance(reply, Opinion)

    def test_partial_by_tools(self):
        self.check_partial(instructor.Mode.TOOLS)

    def test_partial_by_json_schema(self):
        self.check_partial(instructor.Mode.JSON_SCHEMA)

    def check_partial(self, mode):
        *_, last = client(mode).create_partial(response_model=Opinion, **ask)
        Opinion.model_validate(last.model_dump())

    def test_completion(self):
        reply, raw = client().create_with_completion(response_model=Opinion, **ask)
        self.assertIsInstance(reply, Opinion)
        self.assertGreater(raw.usage.completion_tokens, 0)

    def test_iterable(self):
        found = client(instructor.Mode.TOOLS).create_iterable(
            response_model=Opinion, **{**ask, "max_tokens": 30})
        self.assertTrue(all(isinstance(item, Opinion) for item in found))

    def test_provider(self):
        client = instructor.from_provider(f"openai/{MODEL}", base_url=URL, api_key=KEY)
        fields = {**ask, "model": MODEL}
        self.assertIsInstance(client.create(response_model=Opinion, **fields), Opinion)

    def test_async(self):
        async def run():
            client = instructor.from_openai(AsyncOpenAI(base_url=URL, api_key=KEY))
            return await client.create(response_model=Opinion, **ask)

        self.assertIsInstance(asyncio.run(run()), Opinion)
