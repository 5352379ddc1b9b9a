#!/usr/bin/env bash
set -euo pipefail
pip install --constraint constraints.txt --editable .
