# The gateway as an image: one static program, nothing else, not as root.
#
#   docker build -t bifrost --build-arg VERSION=1.2.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker run --rm --read-only --cap-drop ALL -p 8080:8080 --env-file bifrost.env \
#     -v ./bifrost.toml:/etc/bifrost/bifrost.toml:ro bifrost
#
# Its bifrost.toml has to listen on all addresses, as with listen = ":8080", and so to have
# clients; the default is loopback, which nobody outside the container reaches. Mount the
# folder instead of the file, and a change of the file is seen and reloaded.
ARG GO_VERSION=1.26

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=
ARG REVISION=
# As .ci/release builds it.
RUN CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.released=${VERSION} -X main.revision=${REVISION}" -o /out/bifrost ./cmd/bifrost

# It has certificate authorities, time zones and the user nonroot, and no shell.
FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="bifrost" \
      org.opencontainers.image.description="An actor-model runtime and gateway for LLM providers" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/bifrost /usr/bin/bifrost
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
# The gateway, what operators see, and other nodes.
EXPOSE 8080 8081 7600
# It finishes what it has accepted: give "docker stop" more than server.shutdown_delay and
# server.shutdown_timeout together, as with --time 45.
STOPSIGNAL SIGTERM
# With TLS: --health-cmd "/usr/bin/bifrost health --insecure https://127.0.0.1:8080".
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/bin/bifrost", "health"]
ENTRYPOINT ["/usr/bin/bifrost"]
CMD ["serve", "--config", "/etc/bifrost/bifrost.toml"]
