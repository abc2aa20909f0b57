# Dossier without a GPU: text, search, OCR and the desk. A Llama runs in vLLM's own image beside it (docker-compose.yml).
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/dossier && /opt/dossier/bin/pip install 'uv>=0.9,<1'
# torch comes first and alone: asked for later, by another package, it would bring gigabytes of CUDA.
RUN /opt/dossier/bin/uv pip install --python /opt/dossier/bin/python --link-mode copy --no-cache \
    --torch-backend cpu torch==2.13.0
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY core core
COPY ingest ingest
COPY retrieval retrieval
COPY generation generation
COPY app app
COPY eval eval
COPY ui ui
COPY examples examples
RUN /opt/dossier/bin/pip install --constraint constraints.txt .

FROM python:3.11.14-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tesseract-ocr tesseract-ocr-eng \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /tmp dossier \
    && install --directory --owner dossier --group dossier --mode 0700 /var/lib/dossier
COPY --from=build /opt/dossier /opt/dossier
ENV PATH=/opt/dossier/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    DOSSIER_HOME=/var/lib/dossier
# The same as core.egress.QUIET, so that whatever is started in this image stays silent; a test compares them.
ENV DO_NOT_TRACK=1 \
    SCARF_NO_ANALYTICS=true \
    UNSTRUCTURED_DISABLE_NOTICE=1 \
    ANONYMIZED_TELEMETRY=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    HF_HUB_OFFLINE=1 \
    TRANSFORMERS_OFFLINE=1 \
    VLLM_NO_USAGE_STATS=1 \
    VLLM_DO_NOT_TRACK=1 \
    RAY_USAGE_STATS_ENABLED=0 \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false
USER 10001:10001
VOLUME /var/lib/dossier
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["dossier"]
CMD ["ui", "--port", "8501", "--no-open"]
