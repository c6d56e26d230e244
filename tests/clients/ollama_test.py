"""Ollama's client: chats, texts, tools, formats and models."""

import unittest

import httpx
import ollama

from server import ABOUT_A_FILM, ABOUT_RAIN, HI, KEY, MODEL, Opinion, ORIGIN, TOO_LONG

headers = {"Authorization": f"Bearer {KEY}"}
client = ollama.Client(ORIGIN, headers=headers)
hi = {"model": MODEL, "messages": HI, "options": {"num_predict": 8, "temperature": 0}}


def get_weather(city: str) -> str:
    """Returns the weather.

    Args:
      city: the city
    """
    return f"Rain in {city}."


WEATHER = {
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"enum": ["Bern", "Rome"]}},
        "required": ["city"],
    },
}


def token_of(text: str) -> int:
    """Returns the id of a text that is one token."""
    body = {"model": MODEL, "content": text}
    reply = httpx.post(f"{ORIGIN}/tokenize", headers=headers, json=body).json()
    [token] = reply["tokens"]
    return token


class OllamaClient(unittest.TestCase):
    def test_chat(self):
        reply = client.chat(**hi)
        self.assertTrue(reply.message.content)
        self.assertEqual([reply.eval_count, reply.done_reason], [8, "length"])

    def test_chat_in_a_stream(self):
        parts = list(client.chat(**hi, stream=True))
        text = "".join(p.message.content for p in parts)
        self.assertEqual(text, client.chat(**hi).message.content)
        self.assertEqual([p.done for p in parts[-2:]], [False, True])
        self.assertEqual(parts[-1].eval_count, 8)

    def test_generate(self):
        ask = {"model": MODEL, "prompt": "Say hello.", "options": hi["options"]}
        whole = client.generate(**ask)
        pieces = [p.response for p in client.generate(**ask, stream=True)]
        self.assertEqual("".join(pieces), whole.response)
        self.assertEqual(whole.response, client.chat(**hi).message.content)

    def test_format(self):
        reply = client.chat(
            MODEL, ABOUT_A_FILM, format=Opinion.model_json_schema(),
            options={"num_predict": 60, "temperature": 0})
        Opinion.model_validate_json(reply.message.content)

    def test_format_in_a_stream(self):
        parts = client.generate(
            MODEL, "The film was", format=Opinion.model_json_schema(), stream=True,
            options={"num_predict": 60, "temperature": 0})
        Opinion.model_validate_json("".join(p.response for p in parts))

    def test_tools(self):
        options = {"num_predict": 40, "temperature": 0}
        reply = client.chat(MODEL, ABOUT_RAIN, tools=[get_weather], options=options)
        calls = reply.message.tool_calls or []
        for asked in calls:
            self.assertEqual(asked.function.name, "get_weather")
        self.assertTrue(calls or reply.message.content)
        made = {"role": "assistant", "content": "", "tool_calls": [
            {"function": {"name": "get_weather", "arguments": {"city": "Bern"}}}]}
        result = {"role": "tool", "tool_name": "get_weather", "content": "Rain."}
        last = client.chat(
            **{**hi, "messages": [*ABOUT_RAIN, made, result]}, tools=[get_weather])
        self.assertTrue(last.message.content or last.message.tool_calls)

    def test_calls(self):
        # The answer is a word or calls: the first character of a call is made likely,
        # and the one between two calls unlikely.
        begin, between = token_of("<"), token_of("\n")
        bias = {str(begin): 100, str(between): -100}
        ask = {
            "model": MODEL, "messages": ABOUT_RAIN, "format": {"const": "no"},
            "tools": [{"type": "function", "function": WEATHER}],
            "options": {"num_predict": 60, "temperature": 0, "logit_bias": bias},
        }
        reply = client.chat(**ask)
        [call] = reply.message.tool_calls
        self.assertEqual(call.function.name, "get_weather")
        self.assertIn(call.function.arguments["city"], ["Bern", "Rome"])
        parts = list(client.chat(**ask, stream=True))
        streamed = [call for p in parts for call in p.message.tool_calls or []]
        self.assertEqual(streamed, [call])

    def test_models(self):
        [model] = client.list().models
        self.assertEqual(model.model, f"{MODEL}:latest")
        self.assertEqual(client.ps().models[0].model, model.model)
        self.assertIn("completion", client.show(MODEL).capabilities)
        self.assertEqual(client.pull(MODEL).status, "success")

    def test_errors(self):
        for fields, status in [
            ({"model": "llama3"}, 404),
            ({"messages": TOO_LONG}, 400),
            ({"options": {"top_p": 2}}, 400),
        ]:
            for stream in (False, True):
                with self.assertRaises(ollama.ResponseError) as caught:
                    list(client.chat(**{**hi, **fields}, stream=stream))
                self.assertEqual(caught.exception.status_code, status)


class AsyncOllamaClient(unittest.IsolatedAsyncioTestCase):
    async def test_chat(self):
        client = ollama.AsyncClient(ORIGIN, headers=headers)
        whole = await client.chat(**hi)
        parts = [p.message.content async for p in await client.chat(**hi, stream=True)]
        self.assertEqual("".join(parts), whole.message.content)
