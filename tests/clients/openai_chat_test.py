"""OpenAI's client: chats, every field of a reply validated against its types."""

import json
import unittest

import openai
from openai import OpenAI, AsyncOpenAI

from server import ABOUT_A_FILM, ABOUT_RAIN, HI, KEY, MODEL, Opinion, URL, Weather

client = OpenAI(base_url=URL, api_key=KEY, _strict_response_validation=True)
chat = client.chat.completions
hi = {"model": MODEL, "messages": HI, "max_tokens": 8, "temperature": 0}
weather = openai.pydantic_function_tool(Weather, name="get_weather")
call = {
    "model": MODEL,
    "messages": ABOUT_RAIN,
    "tools": [weather],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "temperature": 0,
    "max_tokens": 60,
}


class OpenAIChat(unittest.TestCase):
    def test_create(self):
        reply = chat.create(**hi)
        self.assertTrue(reply.choices[0].message.content)
        self.assertEqual(reply.usage.completion_tokens, 8)
        self.assertEqual(reply.choices[0].finish_reason, "length")
        self.assertTrue(reply._request_id)

    def test_create_with_stream(self):
        whole = chat.create(**hi).choices[0].message.content
        chunks = list(chat.create(
            **hi, stream=True, stream_options={"include_usage": True}))
        pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
        self.assertEqual("".join(pieces), whole)
        self.assertEqual(chunks[-1].usage.completion_tokens, 8)
        self.assertEqual(len({(c.id, c.created) for c in chunks}), 1)

    def test_stream(self):
        with chat.stream(**hi, stop=[" "]) as stream:
            text = "".join(e.delta for e in stream if e.type == "content.delta")
            final = stream.get_final_completion()
        self.assertTrue(text)
        self.assertEqual(final.choices[0].message.content, text)
        self.assertEqual(final.choices[0].finish_reason, "stop")

    def test_parse_with_pydantic(self):
        reply = chat.parse(
            model=MODEL, messages=ABOUT_A_FILM, response_format=Opinion,
            max_tokens=40, temperature=0.8, seed=1)
        self.assertIsInstance(reply.choices[0].message.parsed, Opinion)

    def test_stream_with_pydantic(self):
        with chat.stream(
            model=MODEL, messages=ABOUT_A_FILM, response_format=Opinion,
            max_tokens=40, temperature=0) as stream:
            done = [e.parsed for e in stream if e.type == "content.done"]
            final = stream.get_final_completion()
        self.assertEqual(done, [final.choices[0].message.parsed])
        self.assertIsInstance(done[0], Opinion)

    def test_tools_loop(self):
        reply = chat.parse(**call)
        [asked] = reply.choices[0].message.tool_calls
        self.assertEqual(reply.choices[0].finish_reason, "tool_calls")
        self.assertIsInstance(asked.function.parsed_arguments, Weather)
        answer = {"role": "tool", "tool_call_id": asked.id, "content": "Rain."}
        messages = [*ABOUT_RAIN, reply.choices[0].message, answer]
        last = chat.create(**{
            **call, "messages": messages, "tool_choice": "none", "max_tokens": 8})
        self.assertTrue(last.choices[0].message.content)

    def test_tools_in_a_stream(self):
        with chat.stream(**call) as stream:
            deltas = [e.arguments_delta for e in stream
                      if e.type == "tool_calls.function.arguments.delta"]
            final = stream.get_final_completion()
        [asked] = final.choices[0].message.tool_calls
        self.assertEqual("".join(deltas), asked.function.arguments)
        self.assertIsInstance(asked.function.parsed_arguments, Weather)
        whole = chat.create(**call).choices[0].message.tool_calls[0]
        self.assertEqual(asked.function.arguments, whole.function.arguments)

    def test_json_object(self):
        reply = chat.create(
            model=MODEL, max_tokens=60, temperature=0, stop=["}"],
            response_format={"type": "json_object"}, messages=ABOUT_A_FILM)
        self.assertEqual(reply.choices[0].message.content[0], "{")

    def test_several_answers_with_log_probabilities(self):
        reply = chat.create(**hi, n=2, logprobs=True, top_logprobs=3)
        self.assertEqual([c.index for c in reply.choices], [0, 1])
        for choice in reply.choices:
            self.assertEqual(len(choice.logprobs.content), 8)
            self.assertEqual(len(choice.logprobs.content[0].top_logprobs), 3)

    def test_log_probabilities_in_a_stream(self):
        chunks = chat.create(**hi, stream=True, logprobs=True, top_logprobs=1)
        tokens = [t for c in chunks if c.choices[0].logprobs
                  for t in c.choices[0].logprobs.content]
        self.assertEqual(len(tokens), 8)

    def test_every_optional_field(self):
        reply = chat.create(
            **hi, frequency_penalty=0.1, presence_penalty=0.1, top_p=0.9, seed=3,
            logit_bias={"5": -1}, stop=["\n\n"], user="someone", store=False,
            metadata={"a": "b"}, prompt_cache_key="key", service_tier="auto",
            prediction={"type": "content", "content": "Hello!"})
        self.assertTrue(reply.choices[0].message.content)

    def test_raw_response(self):
        raw = chat.with_raw_response.create(**hi)
        self.assertTrue(raw.headers["x-request-id"])
        self.assertTrue(json.loads(raw.text)["choices"])
        self.assertEqual(raw.parse().model, MODEL)


class AsyncOpenAIChat(unittest.IsolatedAsyncioTestCase):
    async def test_create_and_stream(self):
        async with AsyncOpenAI(
            base_url=URL, api_key=KEY, _strict_response_validation=True) as client:
            whole = await client.chat.completions.create(**hi)
            stream = await client.chat.completions.create(**hi, stream=True)
            pieces = [c.choices[0].delta.content or "" async for c in stream]
        self.assertEqual("".join(pieces), whole.choices[0].message.content)
