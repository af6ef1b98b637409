# Cross compilation from Debian to 64-bit Windows by MinGW-w64: tool chain of the preset `windows` and of the libraries that
# deploy/windows/dependencies.sh builds. Those are looked for in FARSTAT_WINDOWS_PREFIX.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

# The variant with POSIX threads is the one whose std::thread and std::mutex work.
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

# Windows 10 and Server 2016: the oldest that are supported, and what gRPC asks for.
set(windows_version "-D_WIN32_WINNT=0x0A00 -DWINVER=0x0A00 -DNTDDI_VERSION=0x0A000000")
# As Debian builds its own: the libraries parse what comes from the network too. The linker sets by itself what else there is
# (addresses at random, no execution of data).
set(hardening -fstack-protector-strong)
set(CMAKE_C_FLAGS_INIT "${windows_version} ${hardening}")
set(CMAKE_CXX_FLAGS_INIT "${windows_version} ${hardening}")
# One file that runs on a bare Windows, the same bytes from every build.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -s ${hardening} -Wl,--no-insert-timestamp")

# Libraries and headers of the target alone, programs of this machine alone.
set(FARSTAT_WINDOWS_PREFIX "" CACHE PATH "Where the libraries for Windows are installed")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FARSTAT_WINDOWS_PREFIX)
set(CMAKE_FIND_ROOT_PATH ${FARSTAT_WINDOWS_PREFIX} /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(OPENSSL_USE_STATIC_LIBS ON)
set(ZLIB_USE_STATIC_LIBS ON)
