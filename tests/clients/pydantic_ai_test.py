"""Pydantic AI: agents with text, tools and typed output."""

import unittest

from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from server import KEY, MODEL, Opinion, TOO_LONG, URL

SETTINGS = {"temperature": 0, "max_tokens": 60}
SHORT = {"temperature": 0, "max_tokens": 8}
FILM = "What do you think of this film?"


def agent(**options):
    """A client of its own, since each test has an event loop of its own."""
    provider = OpenAIProvider(base_url=URL, api_key=KEY)
    model = OpenAIChatModel(MODEL, provider=provider)
    return Agent(model, **{"model_settings": SETTINGS, "retries": 0, **options})


class PydanticAI(unittest.IsolatedAsyncioTestCase):
    async def test_run(self):
        result = await agent(model_settings=SHORT).run("Say hello.")
        self.assertTrue(result.output)
        self.assertEqual(result.usage.output_tokens, 8)

    async def test_run_stream(self):
        whole = await agent(model_settings=SHORT).run("Say hello.")
        async with agent(model_settings=SHORT).run_stream("Say hello.") as result:
            pieces = [p async for p in result.stream_text(delta=True)]
        self.assertEqual("".join(pieces), whole.output)

    async def test_instructions_and_history(self):
        friend = agent(model_settings=SHORT, instructions="Be kind.")
        first = await friend.run("Say hello.")
        second = await friend.run("Again.", message_history=first.all_messages())
        self.assertEqual(len(second.all_messages()), 4)

    async def test_typed_output(self):
        result = await agent(output_type=Opinion).run(FILM)
        self.assertIsInstance(result.output, Opinion)

    async def test_typed_output_by_a_tool(self):
        result = await agent(output_type=ToolOutput(Opinion)).run(FILM)
        self.assertIsInstance(result.output, Opinion)

    async def test_typed_output_by_a_schema(self):
        result = await agent(output_type=NativeOutput(Opinion)).run(FILM)
        self.assertIsInstance(result.output, Opinion)

    async def test_typed_output_in_a_stream(self):
        async with agent(output_type=NativeOutput(Opinion)).run_stream(FILM) as result:
            self.assertIsInstance(await result.get_output(), Opinion)

    async def test_tools(self):
        friend, seen = agent(output_type=ToolOutput(Opinion)), []

        @friend.tool_plain
        def rating(stars: bool) -> str:
            """Returns how others like the film."""
            seen.append(stars)
            return "They like it."

        async with friend.iter(FILM) as run:
            async for node in run:
                if Agent.is_call_tools_node(node):
                    seen += [part.tool_name for part in node.model_response.parts]
                if len(seen) > 1:
                    break
        self.assertTrue({*seen} <= {"rating", "final_result", True, False})
        self.assertTrue(seen)

    async def test_error(self):
        with self.assertRaises(ModelHTTPError) as caught:
            await agent().run(TOO_LONG[0]["content"])
        self.assertEqual(caught.exception.status_code, 400)
        self.assertEqual(caught.exception.body["code"], "context_length_exceeded")
