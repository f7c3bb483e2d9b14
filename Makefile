# make demo | test | coverage | lint | docs | results | protocols | pictures | speed | fuzz | release — each makes .venv first if need be.
PYTHON ?= python3
PIP := .venv/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test coverage lint format docs results protocols pictures speed fuzz release clean
.DELETE_ON_ERROR:

demo: .venv/.base
	.venv/bin/typoattack run quick --model mini --reads 60 --out runs/demo

# A process a core, each with one thread: the tests are many and small.
TESTS := OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n auto --maxprocesses 8 --dist worksteal

test: .venv/.dev
	$(TESTS)

# The same tests and which lines they reach, at least nine in ten; watching them takes up to as long again.
coverage: .venv/.dev
	$(TESTS) --cov=typoattack --cov-report=term:skip-covered

lint: .venv/.dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

docs: .venv/.dev
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

format: .venv/.dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

results: .venv/.base
	.venv/bin/python benchmarks/reference_results.py

protocols: .venv/.base
	.venv/bin/python benchmarks/protocols/table.py

pictures: .venv/.base
	.venv/bin/typoattack show printed-label handwritten-note plain-overlay scene-sign caption-bar \
		goh2021 materzynska2022 stroop-sticker --word pizza --word iPod --word 'piggy bank' \
		--clean --photographs 6 --cell 150 --out results/pictures/sheet.jpg
	.venv/bin/typoattack show $(shell .venv/bin/python benchmarks/catalogue.py) \
		--word pizza --photographs 1 --across 7 --cell 170 --out results/pictures/catalogue.jpg

# Each a ratio within one run, or per picture; on an otherwise idle machine, about an hour. `ray_engine`
# needs the extra `ray`. On one with a GPU, benchmarks/speed/gpu.py --out results/speed/gpu.csv adds its rows to the table.
speed: .venv/.base
	for part in start picture feeding drawing overhead ray_engine searches text growth precision million resume table; do .venv/bin/python benchmarks/speed/$$part.py || exit; done

fuzz: .venv/.dev
	.venv/bin/python benchmarks/trust/fuzz.py

# Sdist and wheel in dist/, tried in a bare environment; with VERSION=1.2.3 the changelog says it too. Uploads nothing.
release: .venv/.dev
	$(PIP) build twine
	.venv/bin/python benchmarks/trust/release.py $(VERSION)

clean:
	rm -rf .venv runs site build dist .pytest_cache .mypy_cache .ruff_cache .coverage

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
