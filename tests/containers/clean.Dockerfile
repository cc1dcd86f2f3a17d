# A clean Debian with systemd, where the package beside this file (the build's context) is installed later: what it depends
# on is fetched and not installed, for the trial has no network. Its systemd leaves this machine's kernel as it is.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends systemd && \
    systemctl mask systemd-sysctl.service systemd-modules-load.service
COPY *.deb /package/
RUN apt-get install -y --download-only --no-install-recommends /package/*.deb
CMD ["/lib/systemd/systemd"]
