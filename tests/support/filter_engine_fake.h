// A small filter engine behind a table of calls, filled by hand: it counts what is handed out, and
// fails the test if something is not given back, is given back twice, or is used after that.

#ifndef FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_FAKE_H_
#define FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_FAKE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/sources/windows/api.h"

namespace farstat::testing {

class FakeFilterEngine {
 public:
  FakeFilterEngine();
  // Expects that everything has been given back.
  ~FakeFilterEngine();

  // All entries of the filter engine, and service_status. Tests take entries out.
  sources::windows::Api api;

  // What the calls deliver.
  sources::windows::IpsecStatistics1 ipsec1 = {};
  sources::windows::IpsecStatistics0 ipsec0 = {};
  sources::windows::IpsecDospStatistics dosp = {};
  sources::windows::IkeStatistics1 ike1 = {};
  sources::windows::IkeStatistics0 ike0 = {};
  std::vector<sources::windows::IpsecSaContext> contexts;
  std::vector<sources::windows::IkeSaDetails> ike_sas;
  // By name. Another process_start is a restart.
  std::map<std::string, sources::windows::ServiceStatus> services;

  // The next calls of the function return these codes instead, 0 for a call that goes through.
  void Script(const std::string& function, std::deque<uint32_t> codes);
  // Every call of the function returns this code, from now on; 0: no more.
  void Refuse(const std::string& function, uint32_t code);
  // The service stops: sessions are lost, calls and openings return `code`.
  void Stop(uint32_t code);
  // It is there again. Sessions from before stay lost.
  void Start();

  // Runs in the middle of the named function's calls, before they deliver.
  std::map<std::string, std::function<void()>> during;

  // Calls by name, in order; how often one was called.
  const std::vector<std::string>& calls() const { return calls_; }
  int Count(const std::string& function) const;
  void ForgetCalls() { calls_.clear(); }
  // What is handed out now.
  size_t sessions() const { return sessions_.size(); }
  size_t enumerations() const { return enumerations_.size(); }
  size_t arrays() const { return arrays_.size(); }

 private:
  using Handle = sources::windows::Handle;

  // A snapshot of objects that is being paged through.
  struct Paging {
    Handle session;
    size_t next = 0;
    std::vector<sources::windows::IpsecSaContext> contexts;
    std::vector<sources::windows::IkeSaDetails> ike_sas;
  };
  // An array with its objects, in one piece of memory each, so that a use after the free is seen.
  struct Array {
    std::unique_ptr<void*[]> pointers;
    std::vector<std::shared_ptr<void>> objects;
  };

  void FillSession();
  void FillIpsec();
  void FillIke();
  // Notes the call; the code to return instead of what the call would do.
  uint32_t Enter(const std::string& function);
  uint32_t EnterSession(const std::string& function, Handle session);
  template <typename Object>
  uint32_t NextPage(const std::string& function, Handle session, Handle enumeration,
                    std::vector<Object> Paging::*list, uint32_t wanted, Object*** entries,
                    uint32_t* returned);
  uint32_t CreateEnumeration(const std::string& function, Handle session, const void* enum_template,
                             Handle* enumeration);
  uint32_t DestroyEnumeration(const std::string& function, Handle session, Handle enumeration);

  std::vector<std::string> calls_;
  std::map<std::string, std::deque<uint32_t>> scripts_;
  std::map<std::string, uint32_t> refusals_;
  uint32_t stopped_ = 0;
  Handle next_handle_ = 0x100;
  // Whether the session is good; false: lost, and only to be closed.
  std::map<Handle, bool> sessions_;
  std::map<Handle, Paging> enumerations_;
  std::map<void*, Array> arrays_;
};

// A Windows whose services run.
sources::windows::ServiceStatus RunningService(uint64_t process_start);

// Bytes that must not leave the host. They are planted where Windows keeps keys, credentials,
// tokens and the like.
class PlantedSecrets {
 public:
  // A pointer to bytes that are unlike any others.
  sources::windows::OpaquePointer Plant();
  sources::windows::SecretBlob PlantBlob();
  // The same, in the members of a structure itself.
  void PlantInto(void* member, size_t size);

  // No four bytes in a row of any secret are in `row`.
  void ExpectNoneIn(const std::string& row) const;
  size_t planted() const { return secrets_.size(); }

 private:
  std::string NewSecret(size_t size);

  std::vector<std::unique_ptr<std::string>> secrets_;
  std::set<std::string> windows_;
  uint64_t state_ = 0x9E3779B97F4A7C15;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_FAKE_H_
