# make run: serve with the demo    make test: all tests    make check: format, lint, types, structure
# make soak: kills and full disks under load, for half an hour (MINUTES=..., KILLS=..., SEED=...)
# make clean: undo all of it, but never the data folder

HOST ?= 127.0.0.1
PORT ?= 8080
DATA ?= data
EXTRAS_test := [test]

MINUTES ?= 30
KILLS ?= 100
SEED ?= 1

.PHONY: run test check soak clean

run: .venv/.installed-run
	@ANSWERBACK_HOST="$(HOST)" ANSWERBACK_PORT="$(PORT)" ANSWERBACK_DATA="$(DATA)" .venv/bin/answerback demo

test: .venv/.installed-test
	@.venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: .venv/.installed-test
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/python -m pytest tests/test_architecture.py

soak: .venv/.installed-test
	@.venv/bin/python -m tests.soak --minutes $(MINUTES) --kills $(KILLS) --full-disks 2 --seed $(SEED)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than pyproject.toml, so nothing is installed twice. A half-made environment,
# left by an interrupted run, has no pip and is made again.
.venv/.installed-%: pyproject.toml
	@test -x .venv/bin/pip || { echo "Making the virtual environment .venv" >&2; \
	  python3.11 -m venv --clear .venv 2>/dev/null || python3 -m venv --clear .venv; }
	@echo "Installing Answerback into .venv; the first time this takes a minute or two" >&2
	@.venv/bin/pip install --quiet --disable-pip-version-check -e '.$(EXTRAS_$*)'
	@touch $@
