# shellcheck shell=bash disable=SC2034,SC2154
# OpenSSL: the TLS of gRPC, and what judges certificate files.
package=openssl
minutes=2.5

build() {
  cd "$work" || return
  # No configuration file is ever read, not even from where OpenSSL would look for one: a folder that any user of Windows may
  # make would be a way into the service.
  # The version of Windows is asked for, so that the headers declare getaddrinfo instead of wrapping it.
  CC="ccache x86_64-w64-mingw32-gcc-posix" AR=x86_64-w64-mingw32-ar RANLIB=x86_64-w64-mingw32-ranlib RC=x86_64-w64-mingw32-windres \
    "$source/Configure" mingw64 --prefix="$prefix" --libdir=lib --openssldir=C:/Windows/farstat-ssl \
    no-shared no-tests no-engine no-module no-autoload-config -D_WIN32_WINNT=0x0A00 \
    -fstack-protector-strong "-ffile-prefix-map=$cache/="
  make -j "$jobs" build_libs
  make install_dev
}
