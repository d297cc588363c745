#!/bin/sh
# A test opens what `communique explain --html` writes in headless Chromium.
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
  exit 0
fi
echo 'make test opens a page in Chromium. Install it, then try again:' >&2
echo '  Debian:  sudo apt-get install chromium      Ubuntu:  sudo snap install chromium' >&2
echo '  Fedora:  sudo dnf install chromium          macOS:   brew install --cask chromium' >&2
exit 1
