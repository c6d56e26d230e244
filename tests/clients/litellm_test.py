"""LiteLLM: completions, streams, tools, and its own class for each error."""

import asyncio
import unittest

import litellm

from openai_rest_test import full_queue
from server import (
    ABOUT_A_FILM, ABOUT_RAIN, HI, KEY, MODEL, Opinion, TOO_LONG, URL, Weather)

weather = {"type": "function", "function": {
    "name": "get_weather", "parameters": Weather.model_json_schema()}}
hi = {
    "model": f"openai/{MODEL}",
    "api_base": URL,
    "api_key": KEY,
    "messages": HI,
    "max_tokens": 8,
    "temperature": 0,
}
call = {**hi, "messages": ABOUT_RAIN, "tools": [weather], "tool_choice": "required",
        "parallel_tool_calls": False, "max_tokens": 60}


class LiteLLM(unittest.TestCase):
    def test_completion(self):
        reply = litellm.completion(**hi)
        self.assertTrue(reply.choices[0].message.content)
        self.assertEqual(reply.usage.completion_tokens, 8)
        self.assertEqual(reply.choices[0].finish_reason, "length")

    def test_stream(self):
        whole = litellm.completion(**hi)
        chunks = list(litellm.completion(
            **hi, stream=True, stream_options={"include_usage": True}))
        joined = litellm.stream_chunk_builder(chunks, messages=HI)
        self.assertEqual(
            joined.choices[0].message.content, whole.choices[0].message.content)
        self.assertEqual(joined.usage.completion_tokens, 8)

    def test_pydantic(self):
        reply = litellm.completion(**{
            **hi, "messages": ABOUT_A_FILM, "max_tokens": 40},
            response_format=Opinion)
        Opinion.model_validate_json(reply.choices[0].message.content)

    def test_tools(self):
        [asked] = litellm.completion(**call).choices[0].message.tool_calls
        Weather.model_validate_json(asked.function.arguments)

    def test_tools_in_a_stream(self):
        chunks = list(litellm.completion(**call, stream=True))
        joined = litellm.stream_chunk_builder(chunks)
        [asked] = joined.choices[0].message.tool_calls
        Weather.model_validate_json(asked.function.arguments)

    def test_text_completion(self):
        fields = {k: hi[k] for k in hi if k not in ("messages", "model")}
        reply = litellm.text_completion(
            model=f"text-completion-openai/{MODEL}", prompt="Once upon", **fields)
        self.assertTrue(reply.choices[0].text)

    def test_async(self):
        async def run():
            whole = await litellm.acompletion(**hi)
            stream = await litellm.acompletion(**hi, stream=True)
            pieces = [c.choices[0].delta.content or "" async for c in stream]
            return whole.choices[0].message.content, "".join(pieces)

        whole, streamed = asyncio.run(run())
        self.assertEqual(streamed, whole)

    def test_too_long_a_prompt(self):
        for stream in (False, True):
            with self.assertRaises(litellm.ContextWindowExceededError):
                litellm.completion(**{**hi, "messages": TOO_LONG}, stream=stream)

    def test_full_queue(self):
        with full_queue(), self.assertRaises(litellm.RateLimitError):
            litellm.completion(**hi, max_retries=0)

    def test_other_errors(self):
        with self.assertRaises(litellm.AuthenticationError):
            litellm.completion(**{**hi, "api_key": "wrong"})
        with self.assertRaises(litellm.NotFoundError):
            litellm.completion(**{**hi, "model": "openai/gpt-9"})
        with self.assertRaises(litellm.BadRequestError):
            litellm.completion(**hi, top_p=2)
