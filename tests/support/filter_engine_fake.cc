#include "tests/support/filter_engine_fake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "agent/sources/windows/win32_status.h"

namespace farstat::testing {

using namespace sources::windows;  // NOLINT(google-build-using-namespace): stands in for all of it

namespace {

constexpr uint32_t kRpcServerUnavailable = 1722;

}  // namespace

ServiceStatus RunningService(uint64_t process_start) {
  return {kServiceRunning, 1234, process_start};
}

FakeFilterEngine::FakeFilterEngine() {
  services[kFilterEngineService] = RunningService(1000);
  services[kIkeService] = RunningService(2000);
  FillSession();
  FillIpsec();
  FillIke();
  api.service_status = [this](const char* name, ServiceStatus* status) {
    const uint32_t code = Enter("service_status");
    if (code != kSuccess) return code;
    *status = services[name];
    return kSuccess;
  };
}

FakeFilterEngine::~FakeFilterEngine() {
  EXPECT_EQ(arrays_.size(), 0u) << "arrays were not freed";
  EXPECT_EQ(enumerations_.size(), 0u) << "enumerations were not destroyed";
  EXPECT_EQ(sessions_.size(), 0u) << "sessions were not closed";
}

void FakeFilterEngine::Script(const std::string& function, std::deque<uint32_t> codes) {
  scripts_[function] = std::move(codes);
}

void FakeFilterEngine::Refuse(const std::string& function, uint32_t code) {
  refusals_[function] = code;
}

void FakeFilterEngine::Stop(uint32_t code) {
  stopped_ = code;
  for (auto& [handle, good] : sessions_) good = false;
}

void FakeFilterEngine::Start() { stopped_ = 0; }

int FakeFilterEngine::Count(const std::string& function) const {
  return static_cast<int>(std::count(calls_.begin(), calls_.end(), function));
}

uint32_t FakeFilterEngine::Enter(const std::string& function) {
  calls_.push_back(function);
  if (const auto it = during.find(function); it != during.end()) it->second();
  std::deque<uint32_t>& script = scripts_[function];
  if (!script.empty()) {
    const uint32_t code = script.front();
    script.pop_front();
    return code;
  }
  return refusals_[function];
}

uint32_t FakeFilterEngine::EnterSession(const std::string& function, Handle session) {
  const uint32_t code = Enter(function);
  const auto it = sessions_.find(session);
  EXPECT_NE(it, sessions_.end()) << function << " without a session";
  if (it == sessions_.end()) return kErrorInvalidHandle;
  if (code != kSuccess) return code;
  if (stopped_ != 0) return stopped_;
  return it->second ? kSuccess : kRpcServerUnavailable;
}

// --- Sessions and memory ------------------------------------------------------------------------

void FakeFilterEngine::FillSession() {
  api.fwpm_engine_open = [this](const char16_t* server, uint32_t authentication, void* identity,
                                const FwpmSession* session, Handle* engine) {
    EXPECT_EQ(server, nullptr);
    EXPECT_EQ(authentication, 10u) << "RPC_C_AUTHN_WINNT";
    EXPECT_EQ(identity, nullptr);
    EXPECT_NE(session->display_name, nullptr);
    EXPECT_EQ(session->flags, 0u) << "not a dynamic session";
    const uint32_t code = Enter("FwpmEngineOpen0");
    if (code != kSuccess) return code;
    if (stopped_ != 0) return stopped_;
    *engine = next_handle_++;
    sessions_[*engine] = true;
    return kSuccess;
  };
  api.fwpm_engine_close = [this](Handle engine) {
    const uint32_t code = Enter("FwpmEngineClose0");
    EXPECT_EQ(sessions_.erase(engine), 1u) << "closed what is not open";
    for (const auto& [handle, paging] : enumerations_) {
      EXPECT_NE(paging.session, engine) << "an enumeration was not destroyed before";
    }
    return code;
  };
  api.fwpm_free_memory = [this](void** memory) {
    Enter("FwpmFreeMemory0");
    EXPECT_EQ(arrays_.erase(*memory), 1u) << "freed what is no array, or not as a whole";
    *memory = nullptr;
  };
}

// --- Enumerations -------------------------------------------------------------------------------

uint32_t FakeFilterEngine::CreateEnumeration(const std::string& function, Handle session,
                                             const void* enum_template, Handle* enumeration) {
  EXPECT_EQ(enum_template, nullptr);
  const uint32_t code = EnterSession(function, session);
  if (code != kSuccess) return code;
  *enumeration = next_handle_++;
  enumerations_[*enumeration] = {session, 0, contexts, ike_sas};
  return kSuccess;
}

uint32_t FakeFilterEngine::DestroyEnumeration(const std::string& function, Handle session,
                                              Handle enumeration) {
  const uint32_t code = EnterSession(function, session);
  EXPECT_EQ(enumerations_.erase(enumeration), 1u) << "destroyed what is no enumeration";
  return code;
}

template <typename Object>
uint32_t FakeFilterEngine::NextPage(const std::string& function, Handle session, Handle enumeration,
                                    std::vector<Object> Paging::*list, uint32_t wanted,
                                    Object*** entries, uint32_t* returned) {
  const uint32_t code = EnterSession(function, session);
  const auto it = enumerations_.find(enumeration);
  EXPECT_NE(it, enumerations_.end()) << function << " without an enumeration";
  if (it == enumerations_.end()) return kErrorInvalidHandle;
  // An array may come with an error, too.
  Paging& paging = it->second;
  const std::vector<Object>& objects = paging.*list;
  const size_t size = std::min<size_t>(wanted, objects.size() - paging.next);
  Array array;
  array.pointers = std::make_unique<void*[]>(size + 1);
  for (size_t i = 0; i < size; ++i) {
    array.objects.push_back(std::make_shared<Object>(objects[paging.next + i]));
    array.pointers[i] = array.objects.back().get();
  }
  *entries = reinterpret_cast<Object**>(array.pointers.get());
  arrays_[array.pointers.get()] = std::move(array);
  *returned = static_cast<uint32_t>(size);
  if (code != kSuccess) return code;
  paging.next += size;
  return kSuccess;
}

// --- IPsec and IKE ------------------------------------------------------------------------------

void FakeFilterEngine::FillIpsec() {
  api.ipsec_get_statistics0 = [this](Handle engine, IpsecStatistics0* statistics) {
    const uint32_t code = EnterSession("IPsecGetStatistics0", engine);
    if (code == kSuccess) *statistics = ipsec0;
    return code;
  };
  api.ipsec_get_statistics1 = [this](Handle engine, IpsecStatistics1* statistics) {
    const uint32_t code = EnterSession("IPsecGetStatistics1", engine);
    if (code == kSuccess) *statistics = ipsec1;
    return code;
  };
  api.ipsec_dosp_get_statistics = [this](Handle engine, IpsecDospStatistics* statistics) {
    const uint32_t code = EnterSession("IPsecDospGetStatistics0", engine);
    if (code == kSuccess) *statistics = dosp;
    return code;
  };
  api.ipsec_sa_context_create_enum_handle = [this](Handle engine, const void* enum_template,
                                                   Handle* handle) {
    return CreateEnumeration("IPsecSaContextCreateEnumHandle0", engine, enum_template, handle);
  };
  api.ipsec_sa_context_enum1 = [this](Handle engine, Handle handle, uint32_t wanted,
                                      IpsecSaContext*** entries, uint32_t* returned) {
    return NextPage("IPsecSaContextEnum1", engine, handle, &Paging::contexts, wanted, entries,
                    returned);
  };
  api.ipsec_sa_context_destroy_enum_handle = [this](Handle engine, Handle handle) {
    return DestroyEnumeration("IPsecSaContextDestroyEnumHandle0", engine, handle);
  };
}

void FakeFilterEngine::FillIke() {
  api.ikeext_get_statistics0 = [this](Handle engine, IkeStatistics0* statistics) {
    const uint32_t code = EnterSession("IkeextGetStatistics0", engine);
    if (code == kSuccess) *statistics = ike0;
    return code;
  };
  api.ikeext_get_statistics1 = [this](Handle engine, IkeStatistics1* statistics) {
    const uint32_t code = EnterSession("IkeextGetStatistics1", engine);
    if (code == kSuccess) *statistics = ike1;
    return code;
  };
  api.ikeext_sa_create_enum_handle = [this](Handle engine, const void* enum_template,
                                            Handle* handle) {
    return CreateEnumeration("IkeextSaCreateEnumHandle0", engine, enum_template, handle);
  };
  api.ikeext_sa_enum1 = [this](Handle engine, Handle handle, uint32_t wanted,
                               IkeSaDetails*** entries, uint32_t* returned) {
    return NextPage("IkeextSaEnum1", engine, handle, &Paging::ike_sas, wanted, entries, returned);
  };
  api.ikeext_sa_enum2 = [this](Handle engine, Handle handle, uint32_t wanted,
                               IkeSaDetails*** entries, uint32_t* returned) {
    return NextPage("IkeextSaEnum2", engine, handle, &Paging::ike_sas, wanted, entries, returned);
  };
  api.ikeext_sa_destroy_enum_handle = [this](Handle engine, Handle handle) {
    return DestroyEnumeration("IkeextSaDestroyEnumHandle0", engine, handle);
  };
}

// --- Secrets ------------------------------------------------------------------------------------

namespace {

constexpr size_t kSecretSize = 64;
constexpr size_t kWindow = 4;

}  // namespace

std::string PlantedSecrets::NewSecret(size_t size) {
  std::string secret(size, '\0');
  for (char& byte : secret) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    // Neither ASCII nor small: nothing that rows consist of.
    byte = static_cast<char>(0x80 | state_ >> 57);
  }
  for (size_t i = 0; i + kWindow <= size; ++i) windows_.insert(secret.substr(i, kWindow));
  return secret;
}

OpaquePointer PlantedSecrets::Plant() {
  secrets_.push_back(std::make_unique<std::string>(NewSecret(kSecretSize)));
  return static_cast<OpaquePointer>(reinterpret_cast<uintptr_t>(secrets_.back()->data()));
}

SecretBlob PlantedSecrets::PlantBlob() { return {kSecretSize, Plant()}; }

void PlantedSecrets::PlantInto(void* member, size_t size) {
  const std::string secret = NewSecret(size);
  std::memcpy(member, secret.data(), size);
}

void PlantedSecrets::ExpectNoneIn(const std::string& row) const {
  for (size_t i = 0; i + kWindow <= row.size(); ++i) {
    ASSERT_EQ(windows_.count(row.substr(i, kWindow)), 0u) << "a secret at byte " << i;
  }
}

}  // namespace farstat::testing
