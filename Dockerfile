# FlashBid's image: built from this folder alone on Debian bookworm, then only the program and the libraries it runs on.
#   docker build -t flashbid .        docker run --rm --network host flashbid serve --dev
FROM debian:bookworm AS build
WORKDIR /src
COPY script/setup script/packages.txt script/
COPY package.json package-lock.json .npmrc ./
COPY web/package.json web/
COPY clients/typescript/package.json clients/typescript/
RUN script/setup build
COPY . .
# The compiler's cache outlives a change of the sources; an empty one is as good.
ENV CCACHE_DIR=/ccache
RUN --mount=type=cache,target=/ccache \
    cmake --preset release -D FLASHBID_TESTS=OFF -D FLASHBID_BENCH=OFF && \
    cmake --build --preset release --target flashbid && \
    strip -o /flashbid build/release/flashbid

FROM debian:bookworm-slim
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates libargon2-1 libfmt9 libhiredis0.14 libisal2 libpq5 libprometheus-cpp-core1.0 libsimdjson14 libspdlog1.10 \
      libsqlite3-0 libssl3 libstdc++6 libtomlplusplus3 libwslay1 && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin flashbid && \
    install -d -o flashbid -g flashbid /var/lib/flashbid
COPY deploy/ready /usr/local/bin/flashbid-ready
COPY --from=build /flashbid /usr/local/bin/flashbid
USER flashbid
# A library that is missing above shows here, not on somebody's server.
RUN flashbid version
# The embedded ledger is kept here, where a volume belongs. With `--engine redis://…` a node keeps nothing.
WORKDIR /var/lib/flashbid
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=5s --start-period=30s --retries=3 CMD ["flashbid-ready"]
ENTRYPOINT ["flashbid"]
CMD ["serve", "--dev"]
