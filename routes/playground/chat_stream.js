/**
 * Streams chat completions with `fetch` alone.
 *
 * @module
 */

/**
 * Requests a chat completion and yields its chunks as they arrive.
 *
 * Aborting the signal stops the server within a pass.
 *
 * @param {object} request the body in the format of OpenAI's API
 * @param {{ signal: AbortSignal, key?: string }} options
 * @throws {Error} with the server's message if the request fails.
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
 * Yields the data of server-sent events and skips comments.
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
