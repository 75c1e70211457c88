"""The official Python SDKs against the gateway: text and tool calls, streamed in every cut and not.

Reads one JSON object from standard input: base URLs of both providers, the secrets, and the cuts
(request headers that tell the echo provider how to cut its streams). Prints the number of checks.
"""

import json
import sys

import anthropic
import openai

PLAN = json.load(sys.stdin)
CHECKS = 0


def check(what, got, want):
    """Counts a check; ends the run with both values' sizes, and the first difference, if it fails."""
    global CHECKS
    if got != want:
        at = next((i for i, (a, b) in enumerate(zip(str(got), str(want))) if a != b), "the end")
        raise SystemExit(f"python: {what}: differs at {at}\n got {got!r}\nwant {want!r}")
    CHECKS += 1


def prompt(secret):
    """A user text with the secret among things that a careless gateway would change."""
    return f'Keep "this": {secret}\nand é 😀 \\n <pl:NOT_OURS:0123456789abcdef> as they are, twice: {secret}.'


def anthropic_cases(name, secret, cuts):
    client = anthropic.Anthropic(base_url=PLAN["anthropic"], api_key="test", max_retries=0)
    text = prompt(secret)
    tool = {
        "name": "save",
        "description": "Saves a text",
        "input_schema": {"type": "object", "properties": {"content": {"type": "string"}}},
    }
    ask = {"model": "claude-echo", "max_tokens": 999, "messages": [{"role": "user", "content": text}]}
    as_tool = {"x-echo-mode": "tool"}

    message = client.messages.create(**ask)
    check(f"anthropic {name} text", message.content[0].text, text)
    message = client.messages.create(**ask, tools=[tool], extra_headers=as_tool)
    check(f"anthropic {name} tool", message.content[0].input, {"content": text})
    count = client.messages.count_tokens(model="claude-echo", messages=ask["messages"], system=secret)
    check(f"anthropic {name} count_tokens", count.input_tokens > 0, True)
    result = json.dumps({"file": {"text": secret}})
    history = [
        *ask["messages"],
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "save", "input": {secret: [text]}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": result}]},
    ]
    message = client.messages.create(**{**ask, "messages": history}, system=[{"type": "text", "text": secret}])
    check(f"anthropic {name} nested tool result", message.content[0].text, result)

    for cut, headers in cuts.items():
        stream = client.messages.create(**ask, stream=True, extra_headers=headers)
        deltas = [event.delta.text for event in stream if event.type == "content_block_delta"]
        check(f"anthropic {name} text, {cut}", "".join(deltas), text)
        with client.messages.stream(**ask, tools=[tool], extra_headers={**headers, **as_tool}) as stream:
            message = stream.get_final_message()
        check(f"anthropic {name} tool, {cut}", message.content[0].input, {"content": text})


def chat_cases(name, secret, cuts):
    client = openai.OpenAI(base_url=PLAN["openai"], api_key="test", max_retries=0)
    text = prompt(secret)
    schema = {"type": "object", "properties": {"content": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "save", "parameters": schema}}
    ask = {"model": "gpt-echo", "messages": [{"role": "user", "content": text}]}
    as_tool = {"x-echo-mode": "tool"}

    completion = client.chat.completions.create(**ask)
    check(f"chat {name} text", completion.choices[0].message.content, text)
    completion = client.chat.completions.create(**ask, tools=[tool], extra_headers=as_tool)
    call = completion.choices[0].message.tool_calls[0]
    check(f"chat {name} tool", json.loads(call.function.arguments), {"content": text})
    result = json.dumps({"file": {"text": secret}})
    arguments = json.dumps({"content": json.dumps({"deep": secret})})
    function = {"name": "save", "arguments": arguments}
    history = [
        {"role": "system", "content": secret},
        *ask["messages"],
        {"role": "assistant", "tool_calls": [{"id": "t1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "t1", "content": result},
    ]
    completion = client.chat.completions.create(**{**ask, "messages": history})
    check(f"chat {name} nested tool result", completion.choices[0].message.content, result)

    for cut, headers in cuts.items():
        chunks = client.chat.completions.create(**ask, stream=True, extra_headers=headers)
        deltas = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
        check(f"chat {name} text, {cut}", "".join(deltas), text)
        chunks = client.chat.completions.create(
            **ask, tools=[tool], stream=True, stream_options={"include_usage": True}, extra_headers={**headers, **as_tool}
        )
        calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
        arguments = "".join(call.function.arguments or "" for call in calls)
        check(f"chat {name} tool, {cut}", json.loads(arguments), {"content": text})


def responses_cases(name, secret, cuts):
    client = openai.OpenAI(base_url=PLAN["openai"], api_key="test", max_retries=0)
    text = prompt(secret)
    schema = {"type": "object", "properties": {"content": {"type": "string"}}}
    function = {"type": "function", "name": "save", "parameters": schema, "strict": False}
    custom = {"type": "custom", "name": "save_text"}
    ask = {"model": "gpt-echo", "input": text}
    as_tool = {"x-echo-mode": "tool"}

    response = client.responses.create(**ask, instructions=secret)
    check(f"responses {name} text", response.output_text, text)
    response = client.responses.create(**ask, tools=[function], extra_headers=as_tool)
    check(f"responses {name} tool", json.loads(response.output[0].arguments), {"content": text})
    result = json.dumps({"file": {"text": secret}})
    arguments = json.dumps({"content": json.dumps({"deep": secret})})
    history = [
        {"role": "user", "content": [{"type": "input_text", "text": text}]},
        {"type": "function_call", "call_id": "t1", "name": "save", "arguments": arguments},
        {"type": "function_call_output", "call_id": "t1", "output": result},
    ]
    response = client.responses.create(model="gpt-echo", input=history)
    check(f"responses {name} nested tool result", response.output_text, result)

    for cut, headers in cuts.items():
        events = list(client.responses.create(**ask, stream=True, extra_headers=headers))
        copies(f"responses {name} text, {cut}", events, "output_text", "text", text)
        headers = {**headers, **as_tool}
        events = list(client.responses.create(**ask, tools=[custom], stream=True, extra_headers=headers))
        copies(f"responses {name} custom tool, {cut}", events, "custom_tool_call_input", "input", text)
        events = list(client.responses.create(**ask, tools=[function], stream=True, extra_headers=headers))
        arguments = events[-1].response.output[0].arguments
        check(f"responses {name} tool, {cut}", json.loads(arguments), {"content": text})
        copies(f"responses {name} tool, {cut}", events, "function_call_arguments", "arguments", arguments)


def copies(what, events, channel, field, want):
    """The deltas and each of their repeats say the same."""

    def of(kind):
        return [event for event in events if event.type == f"response.{kind}"]

    def text(item):
        return item.content[0].text if item.type == "message" else getattr(item, field)

    check(f"{what}: deltas", "".join(event.delta for event in of(f"{channel}.delta")), want)
    check(f"{what}: done", [getattr(event, field) for event in of(f"{channel}.done")], [want])
    for event in of("content_part.done"):
        check(f"{what}: part", event.part.text, want)
    check(f"{what}: item", [text(event.item) for event in of("output_item.done")], [want])
    check(f"{what}: completed", [text(event.response.output[0]) for event in of("completed")], [want])


def small_cases(name, secret):
    client = openai.OpenAI(base_url=PLAN["openai"], api_key="test", max_retries=0)
    text = prompt(secret)
    completion = client.completions.create(model="gpt-echo", prompt=text)
    check(f"completions {name}", completion.choices[0].text, text)
    chunks = client.completions.create(model="gpt-echo", prompt=text, stream=True, extra_headers={"x-echo-delta": "5"})
    check(f"completions {name}, streamed", "".join(chunk.choices[0].text for chunk in chunks), text)
    vectors = client.embeddings.create(model="embed-echo", input=[text, secret])
    check(f"embeddings {name}", len(vectors.data), 2)
    check(f"moderations {name}", client.moderations.create(input=text).results[0].flagged, False)


for secret_name, secret_text in PLAN["secrets"].items():
    anthropic_cases(secret_name, secret_text, PLAN["cuts"])
    chat_cases(secret_name, secret_text, PLAN["cuts"])
    responses_cases(secret_name, secret_text, PLAN["cuts"])
    small_cases(secret_name, secret_text)
print(CHECKS)
