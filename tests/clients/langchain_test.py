"""LangChain's ChatOpenAI: text, streams, structured answers and bound tools."""

import unittest

from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAI

from server import KEY, MODEL, Opinion, URL, Weather

settings = {"model": MODEL, "base_url": URL, "api_key": KEY, "temperature": 0}
chat = ChatOpenAI(**settings, max_tokens=8, stream_usage=True)
longer = ChatOpenAI(**settings, max_tokens=60)
RAIN = "Will it rain in Bern tomorrow?"
FILM = "What do you think of this film?"


class LangChain(unittest.TestCase):
    def test_invoke(self):
        reply = chat.invoke([SystemMessage("Be kind."), HumanMessage("Say hello.")])
        self.assertTrue(reply.content)
        self.assertEqual(reply.usage_metadata["output_tokens"], 8)
        self.assertEqual(reply.response_metadata["finish_reason"], "length")

    def test_stream(self):
        whole = chat.invoke("Say hello.")
        chunks = list(chat.stream("Say hello."))
        self.assertEqual("".join(c.content for c in chunks), whole.content)
        usage = sum(chunks[1:], chunks[0]).usage_metadata
        self.assertEqual(usage["output_tokens"], 8)

    def test_batch(self):
        replies = chat.batch(["One", "Two"], {"max_concurrency": 1})
        self.assertEqual(len([r.content for r in replies]), 2)

    def test_structured_output(self):
        model = longer.with_structured_output(Opinion)
        self.assertIsInstance(model.invoke(FILM), Opinion)

    def test_structured_output_by_json_schema_and_raw(self):
        model = longer.with_structured_output(
            Opinion.model_json_schema(), method="json_schema", strict=True,
            include_raw=True)
        reply = model.invoke(FILM)
        self.assertIsNone(reply["parsing_error"])
        Opinion.model_validate(reply["parsed"])

    def test_structured_output_by_a_call(self):
        model = longer.with_structured_output(Opinion, method="function_calling")
        self.assertIsInstance(model.invoke(FILM), Opinion)

    def test_structured_output_in_a_stream(self):
        *_, last = longer.with_structured_output(Opinion).stream(FILM)
        self.assertIsInstance(last, Opinion)

    def test_bound_tools(self):
        model = longer.bind_tools([Weather], tool_choice="Weather")
        asked = model.invoke(RAIN)
        [call] = asked.tool_calls
        Weather.model_validate(call["args"])
        answer = ToolMessage("Rain.", tool_call_id=call["id"])
        last = chat.bind_tools([Weather], tool_choice="none").invoke(
            [HumanMessage(RAIN), asked, answer])
        self.assertTrue(last.content)

    def test_bound_tools_in_a_stream(self):
        model = longer.bind_tools([Weather], tool_choice="any", strict=True)
        first, *rest = model.stream(RAIN)
        [call, *_] = sum(rest, first).tool_calls
        Weather.model_validate(call["args"])

    def test_log_probabilities(self):
        reply = chat.bind(logprobs=True, top_logprobs=2).invoke("Say hello.")
        self.assertEqual(len(reply.response_metadata["logprobs"]["content"]), 8)

    def test_text_completions(self):
        model = OpenAI(**settings, max_tokens=6)
        whole = model.invoke("Once upon")
        self.assertEqual("".join(model.stream("Once upon")), whole)


class AsyncLangChain(unittest.IsolatedAsyncioTestCase):
    async def test_ainvoke_and_astream(self):
        chat = ChatOpenAI(**settings, max_tokens=8)
        whole = await chat.ainvoke("Say hello.")
        pieces = [c.content async for c in chat.astream("Say hello.")]
        self.assertEqual("".join(pieces), whole.content)
