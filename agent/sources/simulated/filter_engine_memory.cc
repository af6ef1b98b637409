#include "agent/sources/simulated/filter_engine_memory.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace farstat::sources::simulated {
namespace {

using windows::Guid;
using windows::OpaquePointer;
using windows::SecretBlob;

// What is behind the pointers is as it is in Windows, so that following one by mistake finds keys.

// IPSEC_SA_AUTH_INFORMATION0 or IPSEC_SA_CIPHER_INFORMATION0: the transform and its key.
struct TransformAndKey {
  uint32_t type;
  uint32_t config;
  Guid* crypto_module;
  SecretBlob key;
};

// IPSEC_SA_AUTH_AND_CIPHER_INFORMATION0; what needs only one of the two begins alike.
struct SaInformation {
  TransformAndKey cipher;
  TransformAndKey authentication;
};

// IPSEC_ID0
struct Identity {
  const char16_t* mm_target_name;
  const char16_t* em_target_name;
  uint32_t num_tokens;
  OpaquePointer tokens;
  uint64_t explicit_credentials;
  uint64_t logon_id;
};

// IKEEXT_PRESHARED_KEY_AUTHENTICATION1
struct PresharedKey {
  SecretBlob key;
  uint32_t flags;
};

// IKEEXT_CERTIFICATE_CREDENTIAL1
struct Certificate {
  SecretBlob subject_name;
  SecretBlob hash;
  uint32_t flags;
  SecretBlob certificate;
};

// IKEEXT_NAME_CREDENTIAL0
struct Name {
  const char16_t* principal_name;
};

}  // namespace

FilterEngineBlock FilterEngineMemory::Allocate(size_t size) {
  // Never nothing, so that each allocation has an address of its own.
  auto memory = std::make_unique<std::byte[]>(std::max<size_t>(size, 1));
  const FilterEngineBlock block(memory.get(), size);
  const void* const begin = memory.get();
  live_.emplace(begin, std::move(memory));
  return block;
}

bool FilterEngineMemory::Free(const void* begin) { return live_.erase(begin) > 0; }

size_t PlantedSecrets::Size() {
  return FilterEngineBlock::SizeOf<char>(sizeof(kPlantedSecret)) +
         FilterEngineBlock::SizeOf<char16_t>(std::size(kPlantedSecretName)) +
         FilterEngineBlock::SizeOf<SaInformation>(1) + FilterEngineBlock::SizeOf<SecretBlob>(1) +
         FilterEngineBlock::SizeOf<Identity>(1) + FilterEngineBlock::SizeOf<PresharedKey>(1) +
         FilterEngineBlock::SizeOf<Certificate>(1) + FilterEngineBlock::SizeOf<Name>(1);
}

PlantedSecrets::PlantedSecrets(FilterEngineBlock& block) {
  char* const key = block.Take<char>(sizeof(kPlantedSecret));
  std::copy(std::begin(kPlantedSecret), std::end(kPlantedSecret), key);
  char16_t* const name = block.Take<char16_t>(std::size(kPlantedSecretName));
  std::copy(std::begin(kPlantedSecretName), std::end(kPlantedSecretName), name);

  blob_ = {sizeof(kPlantedSecret), Opaque(key)};
  const TransformAndKey transform = {3, 3, nullptr, blob_};
  sa_information_ = Opaque(block.Copy(SaInformation{transform, transform}));
  const OpaquePointer tokens = Opaque(block.Copy(blob_));
  identity_ = Opaque(block.Copy(Identity{name, name, 1, tokens, 0, 0}));
  preshared_key_ = Opaque(block.Copy(PresharedKey{blob_, 0}));
  certificate_ = Opaque(block.Copy(Certificate{blob_, blob_, 0, blob_}));
  name_ = Opaque(block.Copy(Name{name}));
}

}  // namespace farstat::sources::simulated
