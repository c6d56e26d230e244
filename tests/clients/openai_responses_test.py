"""OpenAI's client: responses, every field validated against its types."""

import unittest

import openai
from openai import AsyncOpenAI, OpenAI

from server import ABOUT_A_FILM, ABOUT_RAIN, KEY, MODEL, Opinion, TOO_LONG, URL, Weather

client = OpenAI(base_url=URL, api_key=KEY, _strict_response_validation=True)
responses = client.responses
hi = {"model": MODEL, "input": "Say hello.", "max_output_tokens": 16, "temperature": 0}
weather = {
    "type": "function",
    "name": "get_weather",
    "parameters": Weather.model_json_schema(),
    "strict": False,
}
call = {
    **hi,
    "input": ABOUT_RAIN,
    "max_output_tokens": 60,
    "tools": [weather],
    "tool_choice": "required",
    "parallel_tool_calls": False,
}
film = {**hi, "input": ABOUT_A_FILM, "max_output_tokens": 60}


class Responses(unittest.TestCase):
    def test_create(self):
        reply = responses.create(**hi)
        self.assertTrue(reply.output_text)
        self.assertGreater(reply.usage.output_tokens, 0)

    def test_create_with_stream(self):
        events = list(responses.create(**hi, stream=True))
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
        self.assertEqual(text, responses.create(**hi).output_text)
        self.assertEqual(
            [e.sequence_number for e in events], list(range(len(events))))

    def test_stream(self):
        with responses.stream(**hi) as stream:
            final = list(stream)[-1].response
        self.assertEqual(final.output_text, responses.create(**hi).output_text)

    def test_parse(self):
        reply = responses.parse(**film, text_format=Opinion)
        self.assertIsInstance(reply.output_parsed, Opinion)

    def test_stream_with_pydantic(self):
        with responses.stream(**film, text_format=Opinion) as stream:
            final = stream.get_final_response()
        self.assertIsInstance(final.output_parsed, Opinion)

    def test_tools_loop(self):
        reply = responses.create(**call)
        [asked] = [item for item in reply.output if item.type == "function_call"]
        Weather.model_validate_json(asked.arguments)
        answer = {
            "type": "function_call_output", "call_id": asked.call_id, "output": "Rain."}
        last = responses.create(**{
            **call, "input": [*ABOUT_RAIN, asked, answer], "tool_choice": "none",
            "max_output_tokens": 16})
        self.assertTrue(last.output_text)

    def test_tools_in_a_stream(self):
        tools = [openai.pydantic_function_tool(Weather)]
        with responses.stream(**{**call, "tools": tools}) as stream:
            final = stream.get_final_response()
        [asked] = [item for item in final.output if item.type == "function_call"]
        self.assertIsInstance(asked.parsed_arguments, Weather)

    def test_stored_responses(self):
        first = responses.create(**hi, instructions="Be kind.")
        second = responses.create(
            **{**hi, "input": "Again."}, previous_response_id=first.id)
        self.assertGreater(second.usage.input_tokens, first.usage.input_tokens - 8)
        self.assertEqual(responses.retrieve(first.id).output_text, first.output_text)
        responses.delete(first.id)
        with self.assertRaises(openai.NotFoundError):
            responses.retrieve(first.id)

    def test_input_tokens(self):
        count = responses.input_tokens.count(model=MODEL, input="Say hello.")
        self.assertEqual(
            count.input_tokens, responses.create(**hi).usage.input_tokens)

    def test_errors(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            responses.create(**{**hi, "input": TOO_LONG})
        self.assertEqual(caught.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.NotFoundError):
            responses.create(**{**hi, "model": "gpt-9"})
        with self.assertRaises(openai.BadRequestError):
            responses.create(**{**hi, "top_p": 2})


class AsyncResponses(unittest.IsolatedAsyncioTestCase):
    async def test_create_and_stream(self):
        async with AsyncOpenAI(
            base_url=URL, api_key=KEY, _strict_response_validation=True) as client:
            whole = await client.responses.create(**hi)
            pieces = [
                e.delta async for e in await client.responses.create(**hi, stream=True)
                if e.type == "response.output_text.delta"]
        self.assertEqual("".join(pieces), whole.output_text)
