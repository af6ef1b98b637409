#include "common/ip_address.h"

#include "common/sockets.h"

namespace farstat {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;

}  // namespace

std::string ParseIpAddress(absl::string_view text) {
  const std::string terminated(text);
  // A zero byte within would end the text early.
  if (terminated.find('\0') != std::string::npos) return "";
  std::string bytes(kIpv6Bytes, '\0');
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(kIpv4Bytes);
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return bytes;
  return "";
}

std::string IpAddressText(absl::string_view bytes) {
  if (bytes.size() != kIpv4Bytes && bytes.size() != kIpv6Bytes) return "";
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(bytes.size() == kIpv4Bytes ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

}  // namespace farstat
