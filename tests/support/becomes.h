// Waiting for what other threads bring about.

#ifndef FARSTAT_TESTS_SUPPORT_BECOMES_H_
#define FARSTAT_TESTS_SUPPORT_BECOMES_H_

#include <chrono>
#include <thread>

namespace farstat::testing {

// Waits, with a bound, until `condition` holds.
template <typename Condition>
bool Becomes(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_BECOMES_H_
