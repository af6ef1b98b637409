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

grpc::Slice ToSlice(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));  // allow(new): the slice deletes it
  return grpc::Slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); },
      owned);
}

// What precedes the rows in a section.
std::string SectionPrefix(const Section& section) {
  std::string out;
  if (section.status != nullptr) {
    AppendLengthDelimited(Statistics::kStatusFieldNumber, section.status->SerializeAsString(), out);
  }
  if (section.collection != nullptr) {
    AppendLengthDelimited(Statistics::kCollectionFieldNumber,
                          section.collection->SerializeAsString(), out);
  }
  return out;
}

// Appends the headers of the fields around a section's contents: the statistics field, and inside
// it the family's field of HostStatistics.
void AppendSectionHeaders(int statistics_field, bool in_host, v1::Family family, size_t size,
                          std::string& out) {
  if (in_host) {
    AppendLengthDelimitedHeader(statistics_field, LengthDelimitedSize(family, size), out);
    AppendLengthDelimitedHeader(family, size, out);
  } else {
    AppendLengthDelimitedHeader(statistics_field, size, out);
  }
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

grpc::ByteBuffer ToByteBuffer(std::vector<std::string> pieces) {
  std::vector<grpc::Slice> slices;
  for (std::string& piece : pieces) {
    if (!piece.empty()) slices.push_back(ToSlice(std::move(piece)));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

grpc::ByteBuffer EncodeFrame(const v1::FrameHeader& header, int field,
                             const google::protobuf::MessageLite& body) {
  std::string out;
  AppendLengthDelimited(Frame::kHeaderFieldNumber, header.SerializeAsString(), out);
  AppendLengthDelimited(field, body.SerializeAsString(), out);
  return ToByteBuffer({std::move(out)});
}

grpc::ByteBuffer EncodeRowsFrame(const v1::FrameHeader& header, bool in_host, Section section) {
  const std::string prefix = SectionPrefix(section);
  std::string out;
  AppendLengthDelimited(Frame::kHeaderFieldNumber, header.SerializeAsString(), out);
  AppendSectionHeaders(Frame::kStatisticsFieldNumber, in_host, section.family,
                       prefix.size() + section.rows.size(), out);
  out += prefix;
  return ToByteBuffer({std::move(out), std::move(section.rows)});
}

grpc::ByteBuffer EncodeSnapshot(bool in_host, std::vector<Section> sections,
                                const std::string& next_page_token, uint64_t total_rows) {
  std::vector<std::string> pieces;
  for (Section& section : sections) {
    const std::string prefix = SectionPrefix(section);
    std::string out;
    // A message field that comes several times is merged: so each section stands for itself.
    AppendSectionHeaders(Snapshot::kStatisticsFieldNumber, in_host, section.family,
                         prefix.size() + section.rows.size(), out);
    out += prefix;
    pieces.push_back(std::move(out));
    pieces.push_back(std::move(section.rows));
  }
  std::string end;
  if (!next_page_token.empty()) {
    AppendLengthDelimited(Snapshot::kNextPageTokenFieldNumber, next_page_token, end);
  }
  AppendVarint(Snapshot::kTotalRowsFieldNumber << 3, end);
  AppendVarint(total_rows, end);
  pieces.push_back(std::move(end));
  return ToByteBuffer(std::move(pieces));
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
