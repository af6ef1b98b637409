// Messages between encoded rows and gRPC's buffers.

#ifndef FARSTAT_AGENT_RPC_MESSAGES_H_
#define FARSTAT_AGENT_RPC_MESSAGES_H_

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/feed/table.h"
#include "farstat/v1/common.pb.h"
#include "google/protobuf/message_lite.h"

namespace farstat::rpc {

// Parses a request; the error says that it cannot be parsed.
absl::Status ParseRequest(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite& request);

// A frame whose body is one of the small messages. `field` is the body's field in the responses of
// all subscriptions.
grpc::ByteBuffer EncodeFrame(const v1::FrameHeader& header, int field,
                             const google::protobuf::MessageLite& body);

// One family's section: its status and collection, and rows that are encoded already.
struct Section {
  v1::Family family = v1::FAMILY_UNSPECIFIED;
  // Left out if not set.
  const v1::SectionStatus* status = nullptr;
  const v1::CollectionInfo* collection = nullptr;
  feed::SharedBytes rows;
};

// A frame with rows of one family; `in_host` for streams of the host service.
grpc::ByteBuffer EncodeRowsFrame(const v1::FrameHeader& header, bool in_host,
                                 const Section& section);

// An answer of a snapshot: the sections (one, unless `in_host`), then the fields that follow.
grpc::ByteBuffer EncodeSnapshot(bool in_host, const std::vector<Section>& sections,
                                const std::string& next_page_token, uint64_t total_rows);

// How a collection went, as of `now`.
v1::CollectionInfo DescribeCollection(const feed::TickInfo& info, SteadyTime now);

// How good the rows of a family are.
v1::SectionStatus DescribeCondition(v1::Family family, const feed::Condition& condition,
                                    const feed::TickInfo& info);

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_MESSAGES_H_
