# The embedded server: one process, one volume. Settings come from the environment.
FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY events events
COPY projections projections
COPY services services
RUN pip install --no-cache-dir . && useradd --create-home answerback && install -d -o answerback /data
USER answerback
ENV ANSWERBACK_HOST=0.0.0.0 ANSWERBACK_PORT=8080 ANSWERBACK_DATA=/data
VOLUME /data
EXPOSE 8080
CMD ["answerback", "serve"]
