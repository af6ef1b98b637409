// The families of statistics as data. Every family's messages have the same shape (field numbers
// below), so that one code, by reflection, serves them all: a new family is one line in family.cc.

#ifndef FARSTAT_CLIENT_FAMILY_H_
#define FARSTAT_CLIENT_FAMILY_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "farstat/v1/annotations.pb.h"
#include "farstat/v1/common.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace farstat::client {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Family {
  // FAMILY_UNSPECIFIED for "host", which is all of them in one call.
  v1::Family number = v1::FAMILY_UNSPECIFIED;
  // As people type it: "tcp".
  std::string name;
  // As people read it: "TCP".
  std::string title;
  std::string get_method;
  std::string subscribe_method;
  const Descriptor* get_request = nullptr;
  const Descriptor* get_response = nullptr;
  const Descriptor* subscribe_request = nullptr;
  const Descriptor* subscribe_response = nullptr;
  // Not for "host" from here on. Fields of the statistics message; totals may be null.
  const FieldDescriptor* rows = nullptr;
  const FieldDescriptor* removed = nullptr;
  const FieldDescriptor* totals = nullptr;
  // The message of a row, and the enumeration of the groups that can be selected.
  const Descriptor* row = nullptr;
  const EnumDescriptor* group = nullptr;

  bool is_host() const { return number == v1::FAMILY_UNSPECIFIED; }
};

// RAS, TCP, IPsec, IKE.
const std::vector<Family>& Families();
const Family& HostFamily();
// By name, "host" included; null if there is none.
const Family* FindFamily(absl::string_view name);
const Family* FindFamily(v1::Family number);
// All names, "host" included.
std::vector<std::string> FamilyNames();

std::unique_ptr<Message> NewMessage(const Descriptor* descriptor);

// The field with this number; every message of the shape has it.
const FieldDescriptor* FieldByNumber(const Message& message, int number);
// The sub-message at that field, its default if it is not set.
const Message& SubMessage(const Message& message, int number);
bool HasSubMessage(const Message& message, int number);
Message* MutableSubMessage(Message& message, int number);

// The statistics of single families in a statistics message: itself, or the parts of "host".
std::vector<std::pair<const Family*, Message*>> SectionsOf(const Family& family,
                                                           Message& statistics);

// The annotation of a field; empty if it has none.
const v1::FieldInfo& InfoOf(const FieldDescriptor* field);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FAMILY_H_
