/**
 * Chat completions with nothing but `fetch`: the server's events, one by one.
 *
 * @module
 */

/**
 * Asks for a chat completion and yields its chunks as they come.
 *
 * Aborting the signal stops the server within a pass.
 *
 * @param {object} request the body, as OpenAI's API has it
 * @param {{ signal: AbortSignal, key?: string }} options
 * @throws {Error} with the server's own words, if it refuses or fails.
 */
export async function* chatStream(request, { signal, key }) {
  const response = await fetch("v1/chat/completions", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(key ? { "Authorization": `Bearer ${key}` } : {}),
    },
    body: JSON.stringify({ ...request, stream: true }),
    signal,
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  for await (const data of eventData(response.body)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    yield chunk;
  }
}

/**
 * Yields the data of server-sent events; comments are left out.
 *
 * @param {ReadableStream<Uint8Array>} body
 */
async function* eventData(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop();
    for (const event of events) {
      if (event.startsWith("data: ")) yield event.slice("data: ".length);
    }
  }
}
