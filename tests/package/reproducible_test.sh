#!/usr/bin/env bash
# Two builds of the same sources in different directories are equal, byte by byte: of a part of the core, under the options
# of a release. reproducible_test.sh CXX
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

build() { # NAME, of a directory
  local here=$scratch/$1
  mkdir -p "$here"
  cp -r "$source/cmake" "$here/"
  mkdir -p "$here/tcb/base"
  cp "$source"/tcb/base/{bytes,percent,named_bits,ed25519}.cpp "$source"/tcb/base/*.h "$here/tcb/base/"
  cp "$source"/tcb/*.h "$here/tcb/"
  cat >"$here/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(part LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(cmake/Hardening.cmake)
file(WRITE ${CMAKE_BINARY_DIR}/main.cpp "#include <cassert>\n#include \"tcb/base/percent.h\"\nint main(int n, char**) { assert(n > 0); return static_cast<int>(thimble::PercentEncode(\"a b\").size()) - 5; }\n")
add_library(part STATIC tcb/base/bytes.cpp tcb/base/percent.cpp tcb/base/named_bits.cpp tcb/base/ed25519.cpp)
target_include_directories(part PUBLIC ${PROJECT_SOURCE_DIR})
add_executable(whole ${CMAKE_BINARY_DIR}/main.cpp)
target_link_libraries(whole PRIVATE part)
END
  # -g: debug information names files; -UNDEBUG: assertions do.
  CCACHE_DISABLE=1 cmake -S "$here" -B "$here/out/$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_CXX_FLAGS="-g -UNDEBUG" >/dev/null
  CCACHE_DISABLE=1 cmake --build "$here/out/$1" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
}
CXX=$1
build one
build another-with-a-longer-name
for file in libpart.a whole; do
  cmp "$scratch/one/out/one/$file" "$scratch/another-with-a-longer-name/out/another-with-a-longer-name/$file"
  if grep -qaF "$scratch" "$scratch/one/out/one/$file"; then echo "$file names the directory that it was built in"; exit 1; fi
done
"$(dirname "$0")/elf_test.py" "$scratch/one/out/one/whole"
echo "equal: libpart.a, whole"
