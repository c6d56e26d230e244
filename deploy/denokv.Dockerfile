# A KV Connect server: the Deno KV that several machines share.

FROM rust:1.90-slim-trixie AS build
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends protobuf-compiler libssl-dev pkg-config \
 && rm -rf /var/lib/apt/lists/* \
 && cargo install denokv --locked --version 0.14.0 --root /out

FROM debian:13-slim
RUN useradd --uid 10001 --no-create-home denokv \
 && install --directory --owner denokv /data
COPY --from=build /out/bin/denokv /usr/local/bin/denokv
VOLUME /data
EXPOSE 4512
USER 10001
# The token comes from DENO_KV_ACCESS_TOKEN. A commit waits up to 5 ms for others, to be
# written with them.
ENTRYPOINT ["denokv", "--sqlite-path", "/data/kv.sqlite", "serve", \
  "--addr", "0.0.0.0:4512", "--atomic-write-batch-timeout-ms", "5"]
