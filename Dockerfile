FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/portal ./cmd/portal
RUN mkdir -m 700 /out/data /out/keys && mkdir -m 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/keys /keys
COPY --from=build /out/portal /portal
ENV PORTAL_ADDR=0.0.0.0:8080 PORTAL_DATA_DIR=/data PORTAL_KEYS_DIR=/keys
USER 65532:65532
EXPOSE 8080
VOLUME ["/data", "/keys"]
ENTRYPOINT ["/portal"]
CMD ["serve"]
