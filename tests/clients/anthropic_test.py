"""Anthropic's client: messages, streams, typed answers, tools and its tool runner."""

import unittest

import anthropic
from anthropic import Anthropic, AsyncAnthropic, beta_tool

from server import (
    ABOUT_A_FILM, ABOUT_RAIN, HI, KEY, MODEL, Opinion, ORIGIN, TOO_LONG, Weather)
from openai_rest_test import full_queue

client = Anthropic(base_url=ORIGIN, api_key=KEY, _strict_response_validation=True)
hasty = client.with_options(max_retries=0)
# The client has no parameter for the temperature.
hi = {
    "model": MODEL,
    "messages": HI,
    "max_tokens": 8,
    "extra_body": {"temperature": 0},
}
weather = {"name": "get_weather", "input_schema": Weather.model_json_schema()}
call = {
    **hi,
    "messages": ABOUT_RAIN,
    "max_tokens": 60,
    "tools": [weather],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
}


class AnthropicClient(unittest.TestCase):
    def test_create(self):
        reply = client.messages.create(**hi)
        self.assertTrue(reply.content[0].text)
        self.assertEqual(reply.usage.output_tokens, 8)
        self.assertEqual(reply.stop_reason, "max_tokens")

    def test_create_with_stream(self):
        events = list(client.messages.create(**hi, stream=True))
        self.assertEqual(events[0].type, "message_start")
        self.assertEqual(events[-1].type, "message_stop")

    def test_stream(self):
        whole = client.messages.create(**hi)
        with client.messages.stream(**hi) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(text, whole.content[0].text)
        self.assertEqual(final.content[0].text, text)
        self.assertEqual(final.usage.output_tokens, 8)

    def test_stop_sequence(self):
        reply = client.messages.create(**hi, stop_sequences=["zz", " "])
        self.assertEqual(
            [reply.stop_reason, reply.stop_sequence], ["stop_sequence", " "])

    def test_system_and_cache_control(self):
        part = {"type": "text", "text": "Be kind.",
                "cache_control": {"type": "ephemeral"}}
        reply = client.messages.create(**hi, system=[part])
        self.assertTrue(reply.content[0].text)

    def test_parse(self):
        reply = client.messages.parse(**{
            **hi, "messages": ABOUT_A_FILM, "max_tokens": 60}, output_format=Opinion)
        self.assertIsInstance(reply.parsed_output, Opinion)

    def test_tools(self):
        reply = client.messages.create(**call)
        [asked] = [b for b in reply.content if b.type == "tool_use"]
        self.assertEqual(reply.stop_reason, "tool_use")
        Weather.model_validate(asked.input)
        result = {"type": "tool_result", "tool_use_id": asked.id, "content": "Rain."}
        last = client.messages.create(**{
            **call, "tool_choice": {"type": "none"}, "max_tokens": 8, "messages": [
                *ABOUT_RAIN,
                {"role": "assistant", "content": reply.content},
                {"role": "user", "content": [result]},
            ]})
        self.assertTrue(last.content[0].text)

    def test_tools_in_a_stream(self):
        with client.messages.stream(**call) as stream:
            final = stream.get_final_message()
        [asked] = [b for b in final.content if b.type == "tool_use"]
        Weather.model_validate(asked.input)

    def test_tool_runner(self):
        cities = []

        @beta_tool(input_schema=Weather)
        def get_weather(city, unit):
            """Returns the weather of a city."""
            cities.append(city)
            return "Rain."

        runner = client.beta.messages.tool_runner(
            **{**call, "tools": [get_weather]}, max_iterations=2)
        self.assertEqual(len(list(runner)), 2)
        self.assertTrue({*cities} <= {"Bern", "Rome"} and cities)

    def test_count_tokens(self):
        count = client.messages.count_tokens(model=MODEL, messages=HI).input_tokens
        usage = client.messages.create(**hi).usage
        cached = usage.cache_read_input_tokens or 0
        self.assertEqual(count, usage.input_tokens + cached)

    def test_errors(self):
        with self.assertRaises(anthropic.AuthenticationError):
            hasty.with_options(api_key="wrong").messages.create(**hi)
        with self.assertRaises(anthropic.NotFoundError):
            hasty.messages.create(**{**hi, "model": "claude"})
        with self.assertRaisesRegex(anthropic.BadRequestError, "prompt is too long"):
            hasty.messages.create(**{**hi, "messages": TOO_LONG})
        with self.assertRaises(anthropic.BadRequestError):
            hasty.messages.create(**{**hi, "extra_body": {"top_p": 2}})
        with full_queue(), self.assertRaises(anthropic.RateLimitError):
            hasty.messages.create(**hi)


class AsyncAnthropicClient(unittest.IsolatedAsyncioTestCase):
    async def test_create_and_stream(self):
        async with AsyncAnthropic(base_url=ORIGIN, api_key=KEY) as client:
            whole = await client.messages.create(**hi)
            async with client.messages.stream(**hi) as stream:
                pieces = [p async for p in stream.text_stream]
        self.assertEqual("".join(pieces), whole.content[0].text)
