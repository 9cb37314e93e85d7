#!/bin/sh
# Gets what the tests of sign-in need besides Python. Quick when it is there; `make test` and the tests call it.
#
# Node packages: by npm, into provider/node_modules. Node, npm and Chromium themselves: only in CI (CI=true) and as
# root, by apt-get. Elsewhere nobody's machine is changed: the tests name what is missing and are skipped.
set -eu
cd "$(dirname "$0")/provider"

have() { command -v "$1" >/dev/null 2>&1; }
have_chromium() { have chromium || have chromium-browser || have google-chrome; }

if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && have apt-get; then
  wanted=
  have node || wanted="$wanted nodejs"
  have npm || wanted="$wanted npm"
  have_chromium || wanted="$wanted chromium"
  if [ -n "$wanted" ]; then
    echo "Installing$wanted for the tests of sign-in ..."
    apt-get update -qq
    # shellcheck disable=SC2086 # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
  fi
fi

# npm writes this file last
if have npm && [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  echo "Fetching the Node packages of the tests of sign-in ..."
  if ! npm ci --loglevel=error; then
    rm -rf node_modules
    [ "${CI:-}" != true ]  # elsewhere the tests that need them are skipped, by name
  fi
fi
