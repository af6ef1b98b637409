#include "agent/rpc/messages.h"

#include <grpcpp/support/slice.h>

#include <memory>
#include <utility>
#include <vector>

#include "agent/feed/wire.h"
#include "common/status.h"
#include "farstat/v1/host.pb.h"

namespace farstat::rpc {
namespace {

using feed::AppendLengthDelimited;
using feed::AppendLengthDelimitedHeader;
using feed::AppendVarint;
using feed::LengthDelimitedSize;
// All families' messages have these field numbers.
using Statistics = v1::TcpStatistics;
using Snapshot = v1::GetTcpStatisticsResponse;
using Frame = v1::SubscribeTcpStatisticsResponse;

// Up to this size copying bytes costs less than counting who holds them.
constexpr size_t kCopied = 2048;
// A header, a status and the headers of fields.
constexpr size_t kTypicalHeader = 256;

// Puts a message together from bytes that are its own and bytes that it shares with others.
class Pieces {
 public:
  Pieces() { own_.reserve(kTypicalHeader); }

  // For the message's own bytes.
  std::string& own() { return own_; }
  void Add(const feed::SharedBytes& shared) {
    if (shared->size() <= kCopied) {
      own_ += *shared;
      return;
    }
    Flush();
    auto* held = new feed::SharedBytes(shared);  // allow(new): the slice deletes it
    // gRPC does not write to it.
    slices_.emplace_back(
        const_cast<char*>(shared->data()), shared->size(),
        [](void* bytes) { delete static_cast<feed::SharedBytes*>(bytes); }, held);
  }
  grpc::ByteBuffer Take() {
    Flush();
    return grpc::ByteBuffer(slices_.data(), slices_.size());
  }

 private:
  void Flush() {
    if (own_.empty()) return;
    slices_.emplace_back(own_.data(), own_.size());
    own_.clear();
  }

  std::string own_;
  std::vector<grpc::Slice> slices_;
};

void AppendMessage(int field, const google::protobuf::MessageLite& message, std::string& out) {
  AppendLengthDelimitedHeader(field, message.ByteSizeLong(), out);
  message.AppendToString(&out);
}

// What precedes the rows in a section.
std::string SectionPrefix(const Section& section) {
  std::string out;
  if (section.status != nullptr) {
    AppendMessage(Statistics::kStatusFieldNumber, *section.status, out);
  }
  if (section.collection != nullptr) {
    AppendMessage(Statistics::kCollectionFieldNumber, *section.collection, out);
  }
  return out;
}

// Adds the section in the fields around it: the statistics field, and inside it the family's field
// of HostStatistics.
void AddSection(int statistics_field, bool in_host, const Section& section, Pieces& pieces) {
  const std::string prefix = SectionPrefix(section);
  const size_t size = prefix.size() + section.rows->size();
  std::string& out = pieces.own();
  if (in_host) {
    AppendLengthDelimitedHeader(statistics_field, LengthDelimitedSize(section.family, size), out);
    AppendLengthDelimitedHeader(section.family, size, out);
  } else {
    AppendLengthDelimitedHeader(statistics_field, size, out);
  }
  out += prefix;
  pieces.Add(section.rows);
}

}  // namespace

absl::Status ParseRequest(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite& request) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return absl::InternalError("the request could not be read");
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  if (!request.ParseFromString(bytes)) {
    return InvalidField("request", "the request is not a valid " + request.GetTypeName());
  }
  return absl::OkStatus();
}

grpc::ByteBuffer EncodeFrame(const v1::FrameHeader& header, int field,
                             const google::protobuf::MessageLite& body) {
  Pieces pieces;
  AppendMessage(Frame::kHeaderFieldNumber, header, pieces.own());
  AppendMessage(field, body, pieces.own());
  return pieces.Take();
}

grpc::ByteBuffer EncodeRowsFrame(const v1::FrameHeader& header, bool in_host,
                                 const Section& section) {
  Pieces pieces;
  AppendMessage(Frame::kHeaderFieldNumber, header, pieces.own());
  AddSection(Frame::kStatisticsFieldNumber, in_host, section, pieces);
  return pieces.Take();
}

grpc::ByteBuffer EncodeSnapshot(bool in_host, const std::vector<Section>& sections,
                                const std::string& next_page_token, uint64_t total_rows) {
  Pieces pieces;
  for (const Section& section : sections) {
    // A message field that comes several times is merged: so each section stands for itself.
    AddSection(Snapshot::kStatisticsFieldNumber, in_host, section, pieces);
  }
  if (!next_page_token.empty()) {
    AppendLengthDelimited(Snapshot::kNextPageTokenFieldNumber, next_page_token, pieces.own());
  }
  AppendVarint(Snapshot::kTotalRowsFieldNumber << 3, pieces.own());
  AppendVarint(total_rows, pieces.own());
  return pieces.Take();
}

v1::CollectionInfo DescribeCollection(const feed::TickInfo& info, SteadyTime now) {
  v1::CollectionInfo proto;
  proto.set_tick(info.tick);
  *proto.mutable_start_time() = farstat::ToProto(info.start_time);
  *proto.mutable_duration() = farstat::ToProto(info.duration);
  *proto.mutable_age() = farstat::ToProto(absl::FromChrono(now - info.steady_start));
  proto.set_native_calls(info.native_calls);
  proto.set_row_count(info.row_count);
  proto.set_vanished_rows(info.vanished_rows);
  return proto;
}

v1::SectionStatus DescribeCondition(v1::Family family, const feed::Condition& condition,
                                    const feed::TickInfo& info) {
  v1::SectionState state = v1::SECTION_STATE_PARTIAL;
  if (condition.stale) {
    state =
        info.tick == 0 || info.released ? v1::SECTION_STATE_UNAVAILABLE : v1::SECTION_STATE_STALE;
  }
  v1::SectionStatus section = ToSectionStatus(family, condition.status, state);
  if (!condition.status.ok()) *section.mutable_since() = farstat::ToProto(condition.since);
  return section;
}

}  // namespace farstat::rpc
