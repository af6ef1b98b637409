// The memory of the arrays that a simulated fwpuclnt hands out, and the secrets in it.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MEMORY_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <type_traits>

#include "agent/sources/windows/abi.h"

namespace farstat::sources::simulated {

// What every key, password, token and certificate of a simulated host consists of: if it is found
// in what farstat sends or writes, a secret was let out.
inline constexpr char kPlantedSecret[] = "PLANTED-SECRET-key-material-that-must-not-leave";
inline constexpr char16_t kPlantedSecretName[] = u"PLANTED-SECRET-name-that-must-not-leave";

// One allocation, from which everything of an array of structures is taken: Windows frees the whole
// by the address of its beginning.
class FilterEngineBlock {
 public:
  FilterEngineBlock(std::byte* begin, size_t size) : next_(begin), end_(begin + size) {}

  // What `count` objects take up, with what their alignment may cost.
  template <typename T>
  static constexpr size_t SizeOf(size_t count) {
    // NOLINTNEXTLINE(bugprone-sizeof-expression): T may be a pointer, and its own size is meant.
    return count * sizeof(T) + alignof(T);
  }

  // Zeros. There must be room.
  template <typename T>
  T* Take(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    void* place = next_;
    size_t room = static_cast<size_t>(end_ - next_);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): T may be a pointer, and its own size is meant.
    std::align(alignof(T), count * sizeof(T), place, room);
    auto* const objects = static_cast<T*>(place);
    std::uninitialized_value_construct_n(objects, count);
    next_ = reinterpret_cast<std::byte*>(objects + count);
    return objects;
  }
  template <typename T>
  T* Copy(const T& value) {
    T* const copy = Take<T>(1);
    *copy = value;
    return copy;
  }

 private:
  std::byte* next_;
  std::byte* const end_;
};

inline windows::OpaquePointer Opaque(const void* target) {
  return windows::OpaquePointer{reinterpret_cast<uintptr_t>(target)};
}

class FilterEngineMemory {
 public:
  FilterEngineBlock Allocate(size_t size);
  // False: it was not the beginning of an allocation, or has been freed already.
  bool Free(const void* begin);
  int live() const { return static_cast<int>(live_.size()); }

 private:
  std::map<const void*, std::unique_ptr<std::byte[]>> live_;
};

// The secrets of a block: to what all pointers lead that nobody should follow.
class PlantedSecrets {
 public:
  static size_t Size();
  explicit PlantedSecrets(FilterEngineBlock& block);

  // IPSEC_SA_AUTH_AND_CIPHER_INFORMATION0 and its kin: transforms and keys.
  windows::OpaquePointer sa_information() const { return sa_information_; }
  // IPSEC_ID0 and IPSEC_KEYMODULE_STATE0: tokens of the peer.
  windows::OpaquePointer identity() const { return identity_; }
  windows::OpaquePointer preshared_key() const { return preshared_key_; }
  windows::OpaquePointer certificate() const { return certificate_; }
  windows::OpaquePointer name() const { return name_; }
  // A key by itself.
  windows::SecretBlob blob() const { return blob_; }

 private:
  windows::SecretBlob blob_;
  windows::OpaquePointer sa_information_;
  windows::OpaquePointer identity_;
  windows::OpaquePointer preshared_key_;
  windows::OpaquePointer certificate_;
  windows::OpaquePointer name_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MEMORY_H_
