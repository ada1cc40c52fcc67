#!/usr/bin/env bash
# Sets up, builds, serves and tests everything here. `./build.sh help` lists the commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=${CARGO_TARGET_DIR:-target}
# `PROFILE=release ./build.sh demo` builds a larger and slower engine in less time.
profile=${PROFILE:-web}
port=${PORT:-8080}

usage() {
  cat <<'HELP'
./build.sh demo      build everything and serve the page on http://localhost:8080
./build.sh test      run every check and test: lints, native, shaders, types, and the page in Chromium, Firefox and WebKit
./build.sh lint      the checks alone: formatting, lints, documentation, spelling, licences
./build.sh oracle    compare our GPU kernels with burn's own WebGPU backend; builds its compiler, which takes minutes
./build.sh engine    the WebAssembly engine alone, into npm/engine/
./build.sh package   the npm package, into npm/dist/
./build.sh page      the static page, into dist/
./build.sh release   package and page as archives with their checksums, into release/
./build.sh screenshots  the page, and the pictures of it in its manifest
HELP
}

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- set-up ---------------------------------------------------------------------------------------------------------

setup_rust() {
  have cargo || die "Rust is missing. Install it from https://rustup.rs and start again."
  have cc || have clang || die "a C linker is missing. Install build-essential (Debian) or the Xcode tools (macOS)."
  have rustup || return 0
  # rust-toolchain.toml names the version and the WebAssembly target.
  rustup show active-toolchain >/dev/null 2>&1 || rustup toolchain install
  rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
}

setup_node() {
  have node && have npm || die "Node.js is missing. Install version 20.10 or newer from https://nodejs.org and start again."
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || die "Node.js $major is too old. Install version 20.10 or newer from https://nodejs.org."
  [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-fund --no-audit
}

# Sets `bindgen` to a wasm-bindgen of exactly the version that Cargo.toml pins: the two share a private format.
setup_wasm_bindgen() {
  local version
  version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"$/\1/p' Cargo.toml)
  [ -n "$version" ] || die "Cargo.toml no longer pins wasm-bindgen."
  for bindgen in "$target/tools/bin/wasm-bindgen" wasm-bindgen; do
    if have "$bindgen" && [ "$("$bindgen" --version)" = "wasm-bindgen $version" ]; then return 0; fi
  done
  say "wasm-bindgen $version (once)"
  bindgen=$target/tools/bin/wasm-bindgen
  # Compiled for speed it takes minutes, and saves seconds.
  local install=(cargo install wasm-bindgen-cli --version "$version" --no-default-features --root "$target/tools" --debug)
  # Its own lock file may name a release that is no longer available. Then the newest one that fits is used.
  env -u CARGO_TARGET_DIR "${install[@]}" --locked || env -u CARGO_TARGET_DIR "${install[@]}"
}

# Browsers, and a GPU emulated on the CPU for the native kernel tests.
setup_test_machine() {
  local missing=() others=()
  local chromium=${CHROMIUM:-}
  for name in chromium chromium-browser google-chrome; do
    if [ -z "$chromium" ] && have "$name"; then chromium=$name; fi
  done
  [ -n "$chromium" ] || missing+=(chromium)
  case $(uname -s) in
    Linux)
      compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null || compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null ||
        missing+=(mesa-vulkan-drivers)
      # Without such a font, Chinese and Japanese sentences have the widths of placeholder boxes.
      have fc-list && [ -n "$(fc-list :lang=zh family)" ] || missing+=(fontconfig fonts-wqy-microhei)
      # The page is tested in these too. Not every distribution has them under these names; a missing one is skipped.
      have firefox-esr || others+=(firefox-esr)
      have WebKitWebDriver && have Xvfb || others+=(webkit2gtk-driver xvfb)
      [ $((${#missing[@]} + ${#others[@]})) -eq 0 ] && return 0
      if [ "$(id -u)" -eq 0 ] && have apt-get; then
        say installing "${missing[@]}" "${others[@]}"
        local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
        apt-get update -qq
        [ ${#missing[@]} -eq 0 ] || "${install[@]}" "${missing[@]}"
        [ ${#others[@]} -eq 0 ] || "${install[@]}" "${others[@]}" || say "not available, so not tested: ${others[*]}"
        return 0
      fi
      [ ${#missing[@]} -eq 0 ] || die "the tests need: ${missing[*]}. Install with: sudo apt-get install ${missing[*]}"
      say "not installed, so not tested: ${others[*]}"
      ;;
    *) [ -n "$chromium" ] || npx playwright install chromium ;;
  esac
}

# --- parts ----------------------------------------------------------------------------------------------------------

# engine [cargo options]
engine() {
  setup_rust
  setup_node
  setup_wasm_bindgen
  say "engine ($profile)"
  cargo build --profile "$profile" --lib --target wasm32-unknown-unknown "$@"
  rm -rf npm/engine
  "$bindgen" --target web --omit-default-module-path --remove-name-section --remove-producers-section \
    --out-dir npm/engine "$target/wasm32-unknown-unknown/$profile/resshift.wasm"
  if [ "$profile" = web ]; then
    # From npm, because that of older distributions (binaryen 108) confuses the tables that wasm-bindgen exports.
    npx wasm-opt -O2 npm/engine/resshift_bg.wasm -o npm/engine/small.wasm
    mv npm/engine/small.wasm npm/engine/resshift_bg.wasm
    node npm/engine-size.mjs
  fi
  node npm/short-names.mjs npm/engine
}

package() {
  engine "$@"
  say "npm package"
  npx tsc -p npm
  node npm/build.mjs
  node npm/notice.mjs
}

page() {
  package "$@"
  say "page"
  npm run --silent build
}

release() {
  page
  say "release"
  local version
  version=$(node -p 'require("./npm/package.json").version')
  rm -rf release
  mkdir release
  npm pack --silent --ignore-scripts --pack-destination release ./npm >/dev/null
  tar -czf "release/resshift-page-$version.tar.gz" LICENSE-APACHE LICENSE-MIT -C npm NOTICE -C ../dist .
  # Where there is no sha256sum (macOS), shasum writes the same lines.
  (cd release && { sha256sum -- *gz || shasum -a 256 -- *gz; } 2>/dev/null >SHA256SUMS && cat SHA256SUMS)
}

demo() {
  page
  say "http://localhost:$port"
  exec env PORT="$port" npm run --silent serve
}

screenshots() {
  setup_node
  setup_test_machine
  page
  say "screenshots"
  node www/screenshots.mjs
  # The page contains them.
  npm run --silent build
}

# Builds nothing of its own: it shares the profile, and so the crates, with the native tests.
lint() {
  setup_rust
  setup_node
  say "formatting, lints and documentation of Rust"
  if cargo fmt --version >/dev/null 2>&1; then cargo fmt --check; else say "not installed, so not checked: rustfmt"; fi
  if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --release --all-targets -- -D warnings
    cargo clippy --release --lib --features checks --target wasm32-unknown-unknown -- -D warnings
  else
    say "not installed, so not checked: clippy"
  fi
  RUSTDOCFLAGS='-D warnings' cargo doc --release --no-deps --lib
  say "formatting and lints of TypeScript and JavaScript"
  npm run --silent lint
  say "spelling, and licences and advisories of crates"
  if have typos; then typos; else say "not installed, so not checked: typos (cargo install typos-cli)"; fi
  if cargo deny --version >/dev/null 2>&1; then
    # This downloads the crates of features that are not built, and the database of advisories.
    cargo deny check bans licenses sources
    cargo deny check advisories || say "advisories were found, or could not be checked: see above"
  else
    say "not installed, so not checked: cargo-deny (cargo install cargo-deny)"
  fi
}

oracle() {
  setup_rust
  setup_test_machine
  say "our kernels beside burn's own WebGPU backend"
  cargo test --release --features burn-webgpu --test burn_webgpu
}

run_tests() {
  setup_rust
  setup_node
  setup_test_machine
  # Its last step has one thread, so it is built beside the lints and the native tests; the two share no folder of Cargo.
  local log
  log=$(mktemp)
  (page --features checks) >"$log" 2>&1 &
  local building=$!
  trap "kill $building 2>/dev/null || true" EXIT
  lint
  say "native tests and shaders"
  cargo test --release
  wait "$building" || { cat "$log" >&2; die "the page could not be built."; }
  trap - EXIT
  tail -n 5 "$log" >&2
  rm "$log"
  say "types, and which folder imports which"
  npm run --silent typecheck
  npm run --silent rooms
  say "the page in Chromium, most of it in Firefox, and more briefly in WebKit"
  npm test --silent
}

case ${1:-help} in
  demo) demo ;;
  test) run_tests ;;
  lint) lint ;;
  oracle) oracle ;;
  engine) engine "${@:2}" ;;
  package) package "${@:2}" ;;
  page) page "${@:2}" ;;
  release) release ;;
  screenshots) screenshots ;;
  help | -h | --help) usage ;;
  *) usage >&2; die "unknown command $1" ;;
esac
