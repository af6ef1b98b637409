# shellcheck shell=bash disable=SC2154
# For recipes: cmake_install SOURCE OPTION…: configures into $work, builds, installs into $prefix.

cmake_install() {
  local source=$1
  shift
  # As environment variables they come on top of the flags of the tool chain file.
  CFLAGS="-ffile-prefix-map=$cache/= $c_flags" CXXFLAGS="-ffile-prefix-map=$cache/= $cxx_flags" \
    cmake -S "$source" -B "$work" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DFARSTAT_WINDOWS_PREFIX="$prefix" \
    -DCMAKE_INSTALL_PREFIX="$prefix" -DBUILD_SHARED_LIBS=OFF -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS_RELEASE='-O2 -DNDEBUG' -DCMAKE_CXX_FLAGS_RELEASE='-O2 -DNDEBUG' \
    -DCMAKE_CXX_STANDARD=17 -DCMAKE_CXX_EXTENSIONS=OFF \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
  ninja -C "$work" -j "$jobs"
  cmake --install "$work"
}
