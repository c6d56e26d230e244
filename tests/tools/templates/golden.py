"""Writes golden.json next to this file: chats rendered by Python's Jinja as
transformers sets it up. Needs jinja2."""

import json
from pathlib import Path

import jinja2

HERE = Path(__file__).parent
SCHEMA = {"type": "object", "properties": {}}


def refuse(reason):
    raise ValueError(reason)


def to_json(value, indent=None):
    return json.dumps(value, ensure_ascii=False, indent=indent)


def to_message(message, ids):
    written = {"role": message["role"], "content": message["content"]}
    if "toolCalls" in message:
        written["tool_calls"] = [
            {"id": ids[call["id"]], "type": "function", "function": {
                "name": call["name"], "arguments": json.loads(call["arguments"])}}
            for call in message["toolCalls"]]
    if "toolCallId" in message:
        written |= {"tool_call_id": ids[message["toolCallId"]], "name": "get_weather"}
    return written


def main():
    given = json.loads((HERE / "chats.json").read_text())
    tools = [{"type": "function", "function": {
        "name": tool["name"],
        **({"description": tool["description"]} if "description" in tool else {}),
        "parameters": tool.get("parameters", SCHEMA)}} for tool in given["tools"]]
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = refuse
    golden = {}
    for path in sorted(HERE.glob("*.jinja")):
        template = environment.from_string(path.read_text())
        golden[path.stem] = {
            name: template.render(
                messages=[to_message(message, {"call_4f0a": "call00001"}) for message in chat],
                tools=tools, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")
            for name, chat in given["chats"].items()}
    text = json.dumps(golden, ensure_ascii=False, indent=2)
    (HERE / "golden.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
