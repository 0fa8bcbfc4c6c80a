#!/bin/sh
# The browser tests drive Debian's chromium. Install it where that is possible; say so where it is not.
command -v "${CHROMIUM:-chromium}" >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "chromium is missing: installing it from Debian's packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null && exit 0
fi
echo "chromium is missing and cannot be installed from here (apt-get as root is needed): the browser tests will fail." >&2
echo "Install the package 'chromium', or set CHROMIUM to the path of one." >&2
