# make demo | test | lint | speed — each makes .venv first if need be.
PYTHON ?= python3
PIP := .venv/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint format speed clean
.DELETE_ON_ERROR:

demo: .venv/.base
	.venv/bin/typoattack run quick --model mini --out runs/demo

test: .venv/.dev
	.venv/bin/python -m pytest --cov=typoattack --cov-report=term:skip-covered

lint: .venv/.dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

format: .venv/.dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean:
	rm -rf .venv runs build dist .pytest_cache .mypy_cache .ruff_cache .coverage

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.base: pyproject.toml | .venv/bin/python
	@echo "installing typoattack and what it needs into .venv (a few minutes the first time)"
	$(PIP) -e .
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	@echo "installing typoattack with its test and lint tools into .venv"
	$(PIP) -e '.[dev]'
	@touch $@ .venv/.base
