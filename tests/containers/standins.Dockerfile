# Stand-ins for the public images that compose.yaml names, from Debian's packages: script/containers builds each stage
# under the public image's name where no registry can be reached. They do what compose.yaml needs of them, no more.
FROM debian:bookworm-slim AS redis
RUN apt-get update && apt-get install -y --no-install-recommends redis-server redis-tools && \
    install -d -o redis -g redis /data
WORKDIR /data
USER redis
CMD ["redis-server"]

FROM debian:bookworm-slim AS haproxy
RUN apt-get update && apt-get install -y --no-install-recommends haproxy
USER haproxy
STOPSIGNAL SIGUSR1
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]

FROM debian:bookworm-slim AS postgres
RUN install -d /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf && \
    apt-get update && apt-get install -y --no-install-recommends postgresql-15 && \
    install -d -o postgres -g postgres /var/lib/postgresql/data /var/run/postgresql
COPY postgres-entrypoint /usr/local/bin/
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
USER postgres
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint"]
CMD ["postgres", "-c", "listen_addresses=*"]

FROM debian:bookworm-slim AS rabbitmq
RUN apt-get update && apt-get install -y --no-install-recommends rabbitmq-server
COPY rabbitmq-entrypoint /usr/local/bin/
USER rabbitmq
ENTRYPOINT ["rabbitmq-entrypoint"]
CMD ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

FROM debian:bookworm-slim AS prometheus
RUN apt-get update && apt-get install -y --no-install-recommends prometheus && \
    install -d -o nobody -g nogroup /prometheus
WORKDIR /prometheus
USER nobody
ENTRYPOINT ["prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
