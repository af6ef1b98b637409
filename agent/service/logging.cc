#include "agent/service/logging.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/base_sink.h"
#include "spdlog/sinks/rotating_file_sink.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace farstat::service {
namespace {

constexpr char kLinePattern[] = "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v";
// The journal knows time and program.
constexpr char kJournalPattern[] = "%*%v";
constexpr char kFileName[] = "farstat-agent.log";

// "<6>": the priority of a line, as systemd takes it from standard error (sd-daemon(3)).
class JournalPriority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const absl::string_view priority = Of(message.level);
    out.append(priority.data(), priority.data() + priority.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalPriority>();
  }

 private:
  static absl::string_view Of(spdlog::level::level_enum level) {
    switch (level) {
      case spdlog::level::trace:
      case spdlog::level::debug:
        return "<7>";
      case spdlog::level::warn:
        return "<4>";
      case spdlog::level::err:
        return "<3>";
      case spdlog::level::critical:
        return "<2>";
      default:
        return "<6>";
    }
  }
};

// Makes events of what is logged as an error. What is critical has an event of its own.
class ErrorEvents : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ErrorEvents(EventSink events) : events_(std::move(events)) {
    set_level(spdlog::level::err);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level != spdlog::level::err) return;
    events_(Event::kError, {message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  const EventSink events_;
};

absl::StatusOr<spdlog::sink_ptr> Files(const LogOptions& options) {
  const std::filesystem::path folder = std::filesystem::u8path(options.folder);
  const std::string file = (folder / kFileName).u8string();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  try {
    return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file, options.file_bytes,
                                                                  options.files - 1);
    // allow(exceptions): spdlog throws when it cannot open a file
  } catch (const spdlog::spdlog_ex& failure) {
    return absl::UnavailableError(absl::StrCat("the log cannot be written: ", failure.what()));
  }
}

spdlog::sink_ptr Journal() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<JournalPriority>('*').set_pattern(kJournalPattern);
  sink->set_formatter(std::move(formatter));
  return sink;
}

// A pattern on the logger would replace those of its sinks, so each has its own.
spdlog::sink_ptr WithLinePattern(spdlog::sink_ptr sink) {
  sink->set_pattern(kLinePattern);
  return sink;
}

// Tells once that lines are lost.
std::function<void(const std::string&)> OnLostLine(EventSink events) {
  return [events = std::move(events),
          told = std::make_shared<std::atomic<bool>>(false)](const std::string& why) {
    if (events == nullptr || told->exchange(true)) return;
    events(Event::kAttention,
           absl::StrCat("lines of the log are lost, the agent goes on without: ", why));
  };
}

}  // namespace

absl::Status SetUpLog(const LogOptions& options) {
  absl::Status status;
  std::vector<spdlog::sink_ptr> sinks;
  if (options.target == LogTarget::kTerminal) {
    sinks.push_back(WithLinePattern(std::make_shared<spdlog::sinks::stderr_color_sink_mt>()));
  } else if (options.target == LogTarget::kJournal) {
    sinks.push_back(Journal());
  } else if (absl::StatusOr<spdlog::sink_ptr> files = Files(options); files.ok()) {
    sinks.push_back(WithLinePattern(*std::move(files)));
  } else {
    status = files.status();
  }
  if (options.events != nullptr) sinks.push_back(std::make_shared<ErrorEvents>(options.events));
  auto logger = std::make_shared<spdlog::logger>("farstat-agent", sinks.begin(), sinks.end());
  logger->set_level(spdlog::level::from_str(options.level));
  // Of a file: who looks at it wants to see it now, and a full disk is noticed.
  logger->flush_on(spdlog::level::info);
  logger->set_error_handler(OnLostLine(options.events));
  spdlog::set_default_logger(std::move(logger));
  return status;
}

}  // namespace farstat::service
