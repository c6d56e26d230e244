const response = await fetch("http://127.0.0.1:8000/v1/chat/completions", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    model: "smollm2-135m-instruct",
    max_tokens: 100,
    messages: [{ role: "user", content: "Why is the sky blue?" }],
  }),
});
const { choices } = await response.json();
console.log(choices[0].message.content);
