// Who may change a host: the names in certificates that count, and what others are told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/tls.h"
#include "tests/contract/operations_fixture.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class TlsRolesTest : public ::testing::Test {
 protected:
  TlsRolesTest() {
    for (const v1::Family id : {v1::FAMILY_RAS, v1::FAMILY_TCP, v1::FAMILY_IPSEC, v1::FAMILY_IKE}) {
      auto& family = families_.emplace_back(std::make_unique<families::Family>());
      family->id = id;
      family->unavailable = absl::UnimplementedError("not here");
    }
    rpc::ServerOptions options = OptionsFor(host_.operations(), /*local_operators=*/true);
    options.roles.operators = {"Chief", "*.ops.example", "spiffe://example/admin"};
    options.listen = {"127.0.0.1:0"};
    options.use_tls = true;
    options.tls = folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue());
    auto server = rpc::Server::Start(options, families_, serving_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // What a client with these names in its certificate is answered.
  grpc::Status SetAs(const std::string& common_name, std::vector<std::string> names) {
    TestCertificateOptions certificate;
    certificate.common_name = common_name;
    certificate.names = std::move(names);
    const auto credentials = MakeChannelCredentials(
        folder_.WriteTlsFiles("client", authority_.certificate(), authority_.Issue(certificate)));
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    grpc::ChannelArguments own_connection;
    own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel(server_->addresses()[0], *credentials, own_connection);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::SetTcpEstatsCollectionResponse response;
    return v1::TcpService::NewStub(channel)->SetTcpEstatsCollection(&context, EnablePathOfAll(),
                                                                    &response);
  }

  FakeHost host_;
  const TestFolder folder_;
  const TestAuthority authority_;
  rpc::Families families_;
  rpc::Serving serving_{SystemClock(), rpc::Limits(), 1};
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(TlsRolesTest, OperatorsAreKnownByTheNamesInTheirCertificates) {
  EXPECT_TRUE(SetAs("chief", {"IP:127.0.0.1"}).ok()) << "the common name";
  EXPECT_TRUE(SetAs("x", {"DNS:chief"}).ok()) << "a DNS name without a dot";
  EXPECT_TRUE(SetAs("x", {"DNS:x.example", "DNS:box.OPS.example"}).ok()) << "a DNS name";
  EXPECT_TRUE(SetAs("x", {"URI:spiffe://example/admin"}).ok()) << "a URI";
  EXPECT_THAT(host_.requests(), SizeIs(4));
  EXPECT_THAT(host_.requests()[0].holder, HasSubstr("chief at ipv4:127.0.0.1"));
}

TEST_F(TlsRolesTest, OthersAreReadersAndAreToldWhatWouldChangeThat) {
  const grpc::Status status = SetAs("auditor", {"DNS:ops.example", "DNS:box.ops.example.org"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(CauseOf(status).reason(), kRoleRequired);
  EXPECT_EQ(CauseOf(status).metadata().at("setting"), "operators");
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("ops.example"), HasSubstr("operators")));
  EXPECT_THAT(host_.requests(), SizeIs(0));
}

TEST_F(TlsRolesTest, ANameCountsOnlyAsTheKindOfNameThatItIs) {
  EXPECT_FALSE(SetAs("chief", {"DNS:somewhere.example"}).ok())
      << "a common name does not count beside a DNS name";
  EXPECT_FALSE(SetAs("chief", {"URI:spiffe://example/reader"}).ok())
      << "a common name does not count beside a URI";
  EXPECT_FALSE(SetAs("box.ops.example", {"IP:127.0.0.1"}).ok()) << "suffixes are of DNS names";
  EXPECT_FALSE(SetAs("x", {"URI:box.ops.example"}).ok()) << "suffixes are of DNS names";
  EXPECT_FALSE(SetAs("x", {"URI:spiffe://example/admin/.ops.example"}).ok())
      << "suffixes are of DNS names";
  EXPECT_FALSE(SetAs("spiffe://example/admin", {"IP:127.0.0.1"}).ok()) << "a common name, no URI";
  EXPECT_FALSE(SetAs("x", {"DNS:spiffe://example/admin"}).ok()) << "a DNS name, no URI";
  EXPECT_FALSE(SetAs("x", {"URI:spiffe://example/ADMIN"}).ok()) << "URIs are compared exactly";
  EXPECT_FALSE(SetAs("x", {"URI:chief"}).ok()) << "a URI is listed with its scheme";
  EXPECT_THAT(host_.requests(), SizeIs(0));
}

}  // namespace
}  // namespace farstat::testing
