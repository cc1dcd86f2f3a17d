# FlashBid's image: built from this folder alone on Debian bookworm, then only its Debian package and what that depends on.
#   docker build -t flashbid .        docker run --rm --network host flashbid serve --dev
FROM debian:bookworm AS build
WORKDIR /src
COPY script/setup script/packages.txt script/
COPY package.json package-lock.json .npmrc ./
COPY web/package.json web/
COPY clients/typescript/package.json clients/typescript/
RUN script/setup build
COPY . .
# The compiler's cache outlives a change of the sources; an empty one is as good. What it knows is known by the language, too.
ENV CCACHE_DIR=/ccache CCACHE_MAXSIZE=0 LANG=C.UTF-8
RUN --mount=type=cache,target=/ccache \
    cmake --preset release -D FLASHBID_TESTS=OFF -D FLASHBID_BENCH=OFF && \
    cmake --build --preset release --target flashbid && \
    cpack --config build/release/CPackConfig.cmake -G DEB -B build/package && \
    install -D -t /package build/package/*.deb

# The package alone, for machines without containers:  docker build --target package --output . .
FROM scratch AS package
COPY --from=build /package/ /

FROM debian:bookworm-slim
# Copied, not mounted: podman 4 would take the layer of an older package for this one's.
COPY --from=build /package/ /package/
# The user before the package makes one: volumes keep its number.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin flashbid && \
    apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /package/*.deb && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log && \
    install -d -o flashbid -g flashbid -m 700 /etc/flashbid/keys
COPY deploy/ready /usr/local/bin/flashbid-ready
USER flashbid
# A library that is missing above shows here, not on somebody's server.
RUN flashbid version
# The embedded ledger is kept here, where a volume belongs, as at /etc/flashbid/keys for keys. With `--engine redis://…` a
# node keeps nothing.
WORKDIR /var/lib/flashbid
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=5s --start-period=30s --retries=3 CMD ["flashbid-ready"]
ENTRYPOINT ["flashbid"]
CMD ["serve", "--dev"]
