# `make book` and `make test` work from a bare checkout; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
# Processes that the tests share.
JOBS ?= 2
BIN = $(VENV)/bin
BOOK_READY = $(VENV)/.book-ready
TEST_READY = $(VENV)/.test-ready
.DEFAULT_GOAL = help

.PHONY: help
help:  ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(BOOK_READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[book]"
	@touch $@

$(TEST_READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[book,test]"
	@touch $@

.PHONY: book
book: $(BOOK_READY)  ## Build the textbook, executed, with warnings as errors
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/jupyter-book build -W -n --keep-going book
	@echo "Open book/_build/html/index.html, or run 'make serve'."

.PHONY: serve
serve: book  ## Build the book and serve it on http://localhost:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory book/_build/html 8000

.PHONY: test
test: $(TEST_READY)  ## Every test that a plain machine can run (no browser)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not browser" tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --doctest-modules wmtutor
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --nbval -p no:cacheprovider solutions exercises

.PHONY: lint
lint: $(TEST_READY)  ## ruff (lint and format), mypy, and whether exercises/ follows solutions/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python solutions/make_exercises.py --check

.PHONY: browser
browser: $(TEST_READY) book  ## Move every slider of the built book in headless Chromium
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m browser tests/browser

.PHONY: live
live: $(TEST_READY)  ## The live networks' scripts: lint, unit tests (Node.js), and against the library
	npx --yes @biomejs/biome@2.6.8 lint wmtutor/live/js tests/live
	node --test tests/live/
	$(BIN)/python -m pytest -m browser tests/live

.PHONY: notebooks
notebooks: book  ## Run every chapter's notebook from a folder of its own, and time it
	$(BIN)/python book/_ext/run_notebooks.py

.PHONY: pdf
pdf: $(TEST_READY) book  ## Print the whole book to book/_build/wmtutor.pdf with headless Chromium
	$(BIN)/python book/_ext/print_book.py

.PHONY: exercises
exercises: $(TEST_READY)  ## Run solutions/ and make exercises/ from it
	$(BIN)/python solutions/make_exercises.py --execute

.PHONY: course
course: $(TEST_READY)  ## Make a course for nbgrader in build/course (a newer one: COURSE=--update)
	$(BIN)/python solutions/make_course.py course build/course $(COURSE)

.PHONY: archives
archives: $(TEST_READY)  ## Zip exercises, solutions and nbgrader source into dist/
	$(BIN)/python solutions/make_course.py archives dist

.PHONY: times
times: $(TEST_READY)  ## Measure how long each solution takes to run, for the guide
	$(BIN)/python solutions/make_exercises.py --times

.PHONY: laws
laws: $(BOOK_READY)  ## Measure the laws of both models again; writes book/data/laws/*.csv
	$(BIN)/python -m wmtutor.laws

# What the rivals pin clashes with each other: an environment for each.
PEERS_READY = .venv-neurodynex3/.ready .venv-brainpy/.ready
.venv-neurodynex3/.ready: PACKAGES = neurodynex3==1.0.4 cython==3.0.12 setuptools==69.1.1
.venv-brainpy/.ready: PACKAGES = brainpy==2.8.2 jax==0.10.2 jaxlib==0.10.2
$(PEERS_READY):
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet $(PACKAGES)
	@touch $@

.PHONY: bench
bench: $(TEST_READY) $(PEERS_READY)  ## Time both models against Brian2, BrainPy, neurodynex3 (a try: BENCH=--quick)
	$(BIN)/python tests/peers/benchmark_bump.py $(BENCH)
	$(BIN)/python tests/peers/benchmark_flexible.py $(BENCH)

.PHONY: lab
lab: $(BIN)/python  ## Open the exercises in JupyterLab
	$(BIN)/python -m pip install --quiet --editable ".[lab]"
	$(BIN)/jupyter lab exercises

.PHONY: clean
clean:  ## Remove what was built (not the environment)
	rm -rf book/_build build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
