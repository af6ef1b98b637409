// Memory that processes forked later share with this one, where there are such; filled with zeros.

#ifndef FARSTAT_TESTS_SUPPORT_SHARED_MEMORY_H_
#define FARSTAT_TESTS_SUPPORT_SHARED_MEMORY_H_

#include <gtest/gtest.h>

#include <cstddef>

#ifdef _WIN32
#include <cstdlib>
#else
#include <sys/mman.h>
#endif

namespace farstat::testing {

class SharedMemory {
 public:
#ifdef _WIN32
  explicit SharedMemory(size_t size) : memory_(std::calloc(size, 1)) {}
  ~SharedMemory() { std::free(memory_); }
#else
  explicit SharedMemory(size_t size)
      : memory_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
        size_(size) {
    EXPECT_NE(memory_, MAP_FAILED);
  }
  ~SharedMemory() { munmap(memory_, size_); }
#endif
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  void* get() const { return memory_; }

 private:
  void* const memory_;
#ifndef _WIN32
  const size_t size_;
#endif
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_SHARED_MEMORY_H_
