// The official Node SDKs against the gateway: text and tool calls, streamed in every cut and not.
//
// Reads one JSON object from standard input, the same as sdk_python.py. Prints the number of checks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages are installed in the working directory, not beside this file.
const require = createRequire(`${process.cwd()}/`);
const { default: Anthropic } = require("@anthropic-ai/sdk");
const { default: OpenAI } = require("openai");

const plan = JSON.parse(readFileSync(0, "utf8"));
const anthropic = new Anthropic({ baseURL: plan.anthropic, apiKey: "test", maxRetries: 0 });
const openai = new OpenAI({ baseURL: plan.openai, apiKey: "test", maxRetries: 0 });
const asTool = { "x-echo-mode": "tool" };
const schema = { type: "object", properties: { content: { type: "string" } } };
let checks = 0;

function check(what, got, want) {
  assert.deepEqual(got, want, `node: ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
  checks += 1;
}

/** A user text with the secret among things that a careless gateway would change. */
function prompt(secret) {
  return `Keep "this": ${secret}\nand é 😀 \\n <pl:NOT_OURS:0123456789abcdef> as they are, twice: ${secret}.`;
}

async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

async function anthropicCases(name, secret) {
  const text = prompt(secret);
  const ask = { model: "claude-echo", max_tokens: 999, messages: [{ role: "user", content: text }] };
  const tools = [{ name: "save", description: "Saves a text", input_schema: schema }];

  let message = await anthropic.messages.create(ask);
  check(`anthropic ${name} text`, message.content[0].text, text);
  message = await anthropic.messages.create({ ...ask, tools }, { headers: asTool });
  check(`anthropic ${name} tool`, message.content[0].input, { content: text });

  for (const [cut, headers] of Object.entries(plan.cuts)) {
    const events = await collect(await anthropic.messages.create({ ...ask, stream: true }, { headers }));
    const deltas = events.filter((event) => event.type === "content_block_delta").map((event) => event.delta.text);
    check(`anthropic ${name} text, ${cut}`, deltas.join(""), text);
    const stream = anthropic.messages.stream({ ...ask, tools }, { headers: { ...headers, ...asTool } });
    message = await stream.finalMessage();
    check(`anthropic ${name} tool, ${cut}`, message.content[0].input, { content: text });
  }
}

async function chatCases(name, secret) {
  const text = prompt(secret);
  const ask = { model: "gpt-echo", messages: [{ role: "user", content: text }] };
  const tools = [{ type: "function", function: { name: "save", parameters: schema } }];

  let completion = await openai.chat.completions.create(ask);
  check(`chat ${name} text`, completion.choices[0].message.content, text);
  completion = await openai.chat.completions.create({ ...ask, tools }, { headers: asTool });
  const call = completion.choices[0].message.tool_calls[0];
  check(`chat ${name} tool`, JSON.parse(call.function.arguments), { content: text });

  for (const [cut, headers] of Object.entries(plan.cuts)) {
    const chunks = await collect(await openai.chat.completions.create({ ...ask, stream: true }, { headers }));
    const deltas = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta.content ?? ""));
    check(`chat ${name} text, ${cut}`, deltas.join(""), text);
    const stream = openai.chat.completions.stream({ ...ask, tools }, { headers: { ...headers, ...asTool } });
    completion = await stream.finalChatCompletion();
    const call = completion.choices[0].message.tool_calls[0];
    check(`chat ${name} tool, ${cut}`, JSON.parse(call.function.arguments), { content: text });
  }
}

async function responsesCases(name, secret) {
  const text = prompt(secret);
  const ask = { model: "gpt-echo", input: text };
  const tools = [{ type: "function", name: "save", parameters: schema, strict: false }];
  const custom = [{ type: "custom", name: "save_text" }];

  let response = await openai.responses.create(ask);
  check(`responses ${name} text`, response.output_text, text);
  response = await openai.responses.create({ ...ask, tools }, { headers: asTool });
  check(`responses ${name} tool`, JSON.parse(response.output[0].arguments), { content: text });

  for (const [cut, headers] of Object.entries(plan.cuts)) {
    let events = await collect(await openai.responses.create({ ...ask, stream: true }, { headers }));
    copies(`responses ${name} text, ${cut}`, events, "output_text", "text", text);
    const both = { headers: { ...headers, ...asTool } };
    events = await collect(await openai.responses.create({ ...ask, tools: custom, stream: true }, both));
    copies(`responses ${name} custom tool, ${cut}`, events, "custom_tool_call_input", "input", text);
    events = await collect(await openai.responses.create({ ...ask, tools, stream: true }, both));
    const written = events.at(-1).response.output[0].arguments;
    check(`responses ${name} tool, ${cut}`, JSON.parse(written), { content: text });
    copies(`responses ${name} tool, ${cut}`, events, "function_call_arguments", "arguments", written);
  }
}

/** The deltas and each of their repeats say the same. */
function copies(what, events, channel, field, want) {
  const of = (kind) => events.filter((event) => event.type === `response.${kind}`);
  const text = (item) => (item.type === "message" ? item.content[0].text : item[field]);
  check(`${what}: deltas`, of(`${channel}.delta`).map((event) => event.delta).join(""), want);
  check(`${what}: done`, of(`${channel}.done`).map((event) => event[field]), [want]);
  for (const event of of("content_part.done")) check(`${what}: part`, event.part.text, want);
  check(`${what}: item`, of("output_item.done").map((event) => text(event.item)), [want]);
  check(`${what}: completed`, of("completed").map((event) => text(event.response.output[0])), [want]);
}

for (const [name, secret] of Object.entries(plan.secrets)) {
  await anthropicCases(name, secret);
  await chatCases(name, secret);
  await responsesCases(name, secret);
}
console.log(checks);
