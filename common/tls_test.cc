#include "common/tls.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "gtest/gtest.h"
#include "tests/support/test_certificates.h"

namespace farstat {
namespace {

class TlsTest : public ::testing::Test {
 protected:
  ~TlsTest() override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }

  // Serves nothing but handshakes.
  void Start(const TlsFiles& files) {
    auto credentials = MakeServerCredentials(files, [this](const absl::Status& status) {
      const MutexLock lock(mutex_);
      reloads_.push_back(status);
    });
    ASSERT_TRUE(credentials.ok()) << credentials.status();
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", *credentials, &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }

  bool CanConnect(const TlsFiles& files) {
    auto credentials = MakeChannelCredentials(files);
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    if (!credentials.ok()) return false;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel =
        grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port_), *credentials, arguments);
    grpc_connectivity_state state = channel->GetState(true);
    while (state != GRPC_CHANNEL_READY && state != GRPC_CHANNEL_TRANSIENT_FAILURE) {
      channel->WaitForStateChange(state,
                                  std::chrono::system_clock::now() + std::chrono::seconds(5));
      state = channel->GetState(true);
    }
    return state == GRPC_CHANNEL_READY;
  }

  std::vector<absl::Status> Reloads() {
    const MutexLock lock(mutex_);
    return reloads_;
  }

  TestFolder folder_;
  TestAuthority authority_;
  Mutex mutex_;
  std::vector<absl::Status> reloads_;
  int port_ = 0;
  grpc::CallbackGenericService service_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(TlsTest, PeersOfOneAuthorityMeet) {
  Start(folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue()));
  EXPECT_TRUE(
      CanConnect(folder_.WriteTlsFiles("cli", authority_.certificate(), authority_.Issue())));
}

TEST_F(TlsTest, AClientOfAnotherAuthorityIsRefused) {
  Start(folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue()));
  const TestAuthority stranger("stranger");
  EXPECT_FALSE(
      CanConnect(folder_.WriteTlsFiles("cli", authority_.certificate(), stranger.Issue())));
}

TEST_F(TlsTest, AServerOfAnotherAuthorityIsRefused) {
  const TestAuthority stranger("stranger");
  Start(folder_.WriteTlsFiles("agent", authority_.certificate(), stranger.Issue()));
  EXPECT_FALSE(
      CanConnect(folder_.WriteTlsFiles("cli", authority_.certificate(), authority_.Issue())));
}

TEST_F(TlsTest, UnfitFilesAreRefusedAtOnce) {
  const TlsFiles files = {folder_.Path("ca"), folder_.Path("cert"), folder_.Path("key")};
  EXPECT_EQ(MakeServerCredentials(files).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MakeChannelCredentials(files).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(TlsTest, NewFilesAreTakenWhileServing) {
  Start(folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue()));
  const TestAuthority next("next CA");
  const TlsFiles next_client = folder_.WriteTlsFiles("cli", next.certificate(), next.Issue());
  EXPECT_FALSE(CanConnect(next_client));
  folder_.WriteTlsFiles("agent", next.certificate(), next.Issue());
  EXPECT_TRUE(CanConnect(next_client));
  ASSERT_EQ(Reloads().size(), 1u);
  EXPECT_TRUE(Reloads().front().ok());
}

TEST_F(TlsTest, UnfitNewFilesAreRefusedAndTheOldOnesServeOn) {
  const TlsFiles agent =
      folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue());
  Start(agent);
  const TlsFiles client =
      folder_.WriteTlsFiles("cli", authority_.certificate(), authority_.Issue());
  folder_.Write("agent-key.pem", authority_.Issue().key);  // Of another certificate.
  EXPECT_TRUE(CanConnect(client));
  ASSERT_EQ(Reloads().size(), 1u);
  EXPECT_FALSE(Reloads().front().ok());
  EXPECT_TRUE(CanConnect(client));
  EXPECT_EQ(Reloads().size(), 1u) << "judged again although nothing changed";
}

}  // namespace
}  // namespace farstat
