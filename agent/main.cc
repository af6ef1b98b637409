// farstat-agent: serves the statistics of this host.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/agent.h"
#include "agent/config.h"
#include "agent/hosts/this_host.h"
#include "agent/stop_signal.h"
#include "common/version.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/spdlog.h"

namespace farstat {
namespace {

constexpr int kExitFailed = 1;
constexpr absl::Duration kDrainGrace = absl::Seconds(2);

constexpr char kRunExamples[] = R"(Examples:
  farstat-agent run
      Serve programs of this host on 127.0.0.1:9847.
  farstat-agent run --listen 0.0.0.0:9847 --ca ca.pem --cert agent.pem --key agent.key
      Serve the network by mutual TLS.
  farstat-agent run --config /etc/farstat/agent.textproto
      With settings from a file; flags override it.)";

// Prints each line of an error for people.
int Fail(const absl::Status& status) {
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    std::fprintf(stderr, "farstat-agent: %.*s\n", static_cast<int>(line.size()), line.data());
  }
  return kExitFailed;
}

void SetUpLog(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>(
      "farstat-agent", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

int Run(const AgentFlags& flags) {
  PrepareStopSignals();
  const auto settings = LoadSettings(flags);
  if (!settings.ok()) return Fail(settings.status());
  SetUpLog(settings->log_level());
  Agent agent(*settings, hosts::ThisHost(settings->state_directory()));
  if (const absl::Status status = agent.Start(); !status.ok()) return Fail(status);
  for (const std::string& address : agent.addresses()) {
    spdlog::info("serving on {}{}", address, settings->has_tls() ? " with mutual TLS" : "");
  }
  const std::string signal = WaitForStopSignal();
  spdlog::info("{}: stopping", signal);
  agent.Stop(kDrainGrace);
  spdlog::info("stopped");
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Serves the TCP, RAS, IPsec and IKE statistics of this host over gRPC.",
               "farstat-agent");
  app.require_subcommand(1);
  app.footer("farstat-agent VERB --help tells more about a verb.");
  AgentFlags flags;
  CLI::App* run = app.add_subcommand("run", "Serve in the foreground until SIGTERM or SIGINT.");
  run->add_option("--config", flags.config_file, "File with settings (protobuf text format)");
  run->add_option("--listen", flags.listen,
                  "Address to serve, HOST:PORT; may be repeated. Default: 127.0.0.1:9847");
  run->add_option("--ca", flags.ca, "CA certificates that clients' certificates must come from");
  run->add_option("--cert", flags.certificate, "Certificate of this agent");
  run->add_option("--key", flags.key, "Private key of that certificate");
  run->add_flag("--local-operators", flags.local_operators,
                "Programs of this host may also change it, with the agent's rights (without TLS)");
  run->add_option("--log-level", flags.log_level, "trace, debug, info (default), warn or error");
  run->footer(kRunExamples);
  CLI::App* version = app.add_subcommand("version", "Print the version.");
  const auto is_given = [&](const CLI::App* verb) { return verb->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_given).empty()) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("there is no verb \"", argv[1], "\"; there are run and version")));
  }
  try {
    app.parse(argc, argv);
    // allow(exceptions): CLI11 throws
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitFailed;
  }
  if (version->parsed()) {
    std::printf("farstat-agent %s\n", kVersion);
    return 0;
  }
  return Run(flags);
}

}  // namespace
}  // namespace farstat

int main(int argc, char** argv) { return farstat::Main(argc, argv); }
