curl -N http://127.0.0.1:8000/v1/chat/completions \
  -H 'content-type: application/json' \
  -d '{
    "model": "smollm2-135m-instruct",
    "stream": true,
    "max_tokens": 100,
    "messages": [{ "role": "user", "content": "Why is the sky blue?" }]
  }'
