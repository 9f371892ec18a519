#!/usr/bin/env bash
# What the machine must have besides Python packages. As root on Debian it is installed; otherwise
# this says exactly what is missing. Usage: machine.sh venv PYTHON | machine.sh test
set -euo pipefail

debian() {  # debian WHAT PACKAGE...: make sure that these packages are there
  local why=$1 missing=() package
  shift
  command -v dpkg-query >/dev/null || { echo "Not a Debian machine: make sure that you have the equivalents of: $*" >&2; return 0; }
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "Missing Debian packages for $why. Please run, as root:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 2
  fi
  echo "Installing Debian packages for $why: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

case ${1:-} in
  venv)
    "$2" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "OpenRHIP needs Python 3.11 or newer; $2 is $("$2" --version)" >&2; exit 2; }
    "$2" -c 'import venv, ensurepip' 2>/dev/null || debian "the virtual environment" python3-venv
    ;;
  test)
    # Chromium and a Chinese font for the journeys; PostgreSQL for the second run of the suite;
    # Go and its tlog for the proofs' cross-check; FUSE for the power cuts; openssl for SM2's.
    debian "the tests" chromium fonts-noto-cjk postgresql openssl golang-go golang-golang-x-mod-dev libfuse2 fuse3 wrk
    # Spark for the tests of collection on a cluster.
    command -v java >/dev/null || debian "the tests on Spark" default-jre-headless
    # A reader of OFD made by others, for tests that compare; they say so where it is absent.
    share=.venv/share/ofd.js
    if [ ! -e "$share/ofd.umd.min.js" ] && command -v npm >/dev/null; then
      scratch=$(mktemp -d)
      if (cd "$scratch" && npm pack --silent ofd.js@0.2.6 >/dev/null 2>&1 && tar xzf ofd.js-0.2.6.tgz); then
        mkdir -p "$share" && cp "$scratch/package/lib/ofd.umd.min.js" "$scratch/package/LICENSE" "$share/"
      fi
      rm -rf "$scratch"
    fi
    ;;
  *)
    echo "usage: machine.sh venv PYTHON | machine.sh test" >&2
    exit 2
    ;;
esac
