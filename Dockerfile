# One image for all modes. The command says which process it is; settings come from the environment.
FROM python:3.11.14-slim AS build
WORKDIR /src
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY events events
COPY projections projections
COPY services services
RUN python -m venv /app && /app/bin/pip install --no-cache-dir .

FROM python:3.11.14-slim
LABEL org.opencontainers.image.title="Answerback" org.opencontainers.image.version="0.1.0"
COPY --from=build /app /app
RUN useradd --create-home --uid 10001 answerback && install -d -o answerback /data
USER answerback
ENV PATH=/app/bin:$PATH ANSWERBACK_HOST=0.0.0.0 ANSWERBACK_PORT=8080 ANSWERBACK_DATA=/data
WORKDIR /data
VOLUME /data
EXPOSE 8080
CMD ["answerback", "serve"]
