#!/bin/sh
# What the lock cannot bring: PyICU (for rigour) is built from source and needs ICU, a C++ compiler and pkg-config.
set -eu
if pkg-config --exists icu-i18n 2>/dev/null && command -v c++ >/dev/null; then exit 0; fi
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y g++ pkg-config libicu-dev >/dev/null
  exit 0
fi
echo 'communique needs ICU and a C++ compiler to build PyICU. Install them, then try again:' >&2
echo '  Debian, Ubuntu:  sudo apt-get install g++ pkg-config libicu-dev python3-dev' >&2
echo '  Fedora:          sudo dnf install gcc-c++ pkgconf libicu-devel python3-devel' >&2
echo '  macOS:           brew install icu4c pkg-config && export PKG_CONFIG_PATH="$(brew --prefix icu4c)/lib/pkgconfig"' >&2
exit 1
