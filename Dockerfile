# Nothing but the static binary, CA certificates and an empty folder for the data. `make image` lays out dist/ and builds this;
# `docker build .` does, too, once dist/ is laid out.
FROM scratch
COPY dist/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chown=65534:65534 dist/data /var/lib/helpost
COPY dist/helpost /helpost
USER 65534:65534
VOLUME /var/lib/helpost
EXPOSE 25 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/helpost", "health", "--config", "/etc/helpost/helpost.toml"]
ENTRYPOINT ["/helpost"]
CMD ["serve", "--config", "/etc/helpost/helpost.toml"]
