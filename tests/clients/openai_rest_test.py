"""OpenAI's client: text completions, models, and a class for each error."""

import contextlib
import unittest

import openai
from openai import OpenAI

from server import HI, KEY, MODEL, TOO_LONG, URL

client = OpenAI(base_url=URL, api_key=KEY, _strict_response_validation=True)
# Its types have no null where OpenAI's API has: as the finish reason of a chunk, and as
# the log probability of a prompt's first token.
lenient = OpenAI(base_url=URL, api_key=KEY)
hasty = client.with_options(max_retries=0)
once = {"model": MODEL, "prompt": "Once upon", "max_tokens": 6, "temperature": 0}


class Completions(unittest.TestCase):
    def test_create_whole_and_streamed(self):
        whole = client.completions.create(**once)
        chunks = list(lenient.completions.create(**once, stream=True))
        text = "".join(c.choices[0].text for c in chunks)
        self.assertEqual(text, whole.choices[0].text)
        self.assertEqual(whole.choices[0].finish_reason, "length")
        self.assertEqual(chunks[-1].choices[0].finish_reason, "length")

    def test_usage_in_a_stream(self):
        *_, last = lenient.completions.create(
            **once, stream=True, stream_options={"include_usage": True})
        self.assertEqual(last.usage.completion_tokens, 6)

    def test_log_probabilities_of_the_prompt(self):
        reply = lenient.completions.create(
            **{**once, "max_tokens": 0}, echo=True, logprobs=2)
        scores = reply.choices[0].logprobs
        self.assertEqual("".join(scores.tokens), once["prompt"])
        self.assertIsNone(scores.token_logprobs[0])
        self.assertLess(scores.token_logprobs[1], 0)

    def test_log_probabilities_in_a_stream(self):
        chunks = list(lenient.completions.create(**once, stream=True, logprobs=1))
        tokens = [t for c in chunks if c.choices[0].logprobs
                  for t in c.choices[0].logprobs.tokens]
        self.assertEqual(len(tokens), 6)

    def test_several_prompts(self):
        reply = client.completions.create(
            **{**once, "prompt": ["Once upon", [504, 2400]]})
        self.assertEqual([c.index for c in reply.choices], [0, 1])


class Models(unittest.TestCase):
    def test_list(self):
        self.assertEqual([m.id for m in client.models.list()], [MODEL])

    def test_retrieve(self):
        self.assertEqual(client.models.retrieve(MODEL).object, "model")


class Errors(unittest.TestCase):
    def ask(self, client=hasty, **fields):
        return client.chat.completions.create(
            **{"model": MODEL, "messages": HI, "max_tokens": 2, **fields})

    def test_bad_request(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.ask(top_p=2)
        self.assertEqual(caught.exception.param, "top_p")
        self.assertEqual(caught.exception.type, "invalid_request_error")

    def test_too_long_a_prompt(self):
        for stream in (False, True):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.ask(messages=TOO_LONG, stream=stream)
            self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_unknown_model(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.ask(model="gpt-9")
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_unknown_path(self):
        with self.assertRaises(openai.NotFoundError):
            hasty.images.generate(prompt="A cat", model=MODEL)

    def test_wrong_key(self):
        with self.assertRaises(openai.AuthenticationError) as caught:
            self.ask(hasty.with_options(api_key="wrong"))
        self.assertEqual(caught.exception.code, "invalid_api_key")

    def test_full_queue(self):
        with full_queue(), self.assertRaises(openai.RateLimitError) as caught:
            self.ask()
        self.assertTrue(caught.exception.response.headers["retry-after"])


@contextlib.contextmanager
def full_queue():
    """Keeps as many streams open as the server takes."""
    streams = [client.chat.completions.create(
        model=MODEL, messages=HI, stream=True, extra_body={"ignore_eos": True})
        for _ in range(2)]
    for stream in streams:
        next(stream)
    yield
    for stream in streams:
        stream.close()
