#include "agent/sources/simulated/ras_line.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "agent/sources/windows/abi_ras.h"

namespace farstat::sources::simulated {
namespace {

// What is drawn. Numbers of sessions and links are added to these.
enum Purpose : uint64_t {
  kConnectedFor = 1ull << 40,
  kDial = 2ull << 40,
  kUp = 3ull << 40,
  kDown = 4ull << 40,
  kRestart = 5ull << 40,
  kLinkUp = 6ull << 40,
  kLinkDown = 7ull << 40,
  kLinkPhase = 8ull << 40,
  kBytesOut = 9ull << 40,
  kBytesIn = 10ull << 40,
};

constexpr double kPi = 3.14159265358979323846;
// Rates swing with these periods; the shares add up to 1, so that no rate becomes negative.
constexpr double kSlowPeriod = 61;
constexpr double kSlowShare = 0.6;
constexpr double kFastPeriod = 11;
constexpr double kFastShare = 0.4;
// How errors are distributed: checksum, time-out, alignment, hardware overrun, framing, buffer.
constexpr double kErrorShares[] = {0.4, 0.2, 0.15, 0.1, 0.1, 0.05};
// Changes closer together than this are one: times of cycles are rounded.
constexpr absl::Duration kShortest = absl::Milliseconds(1);

double OrDefault(double value, double otherwise) { return value > 0 ? value : otherwise; }

// SplitMix64.
uint64_t Mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
  value = (value ^ value >> 27) * 0x94D049BB133111EBu;
  return value ^ value >> 31;
}

// The integral of a sine wave, from 0.
double Wave(double time, double period, double phase) {
  return period / (2 * kPi) * (std::cos(phase) - std::cos(2 * kPi * time / period + phase));
}

}  // namespace

RasLine::RasLine(const RasConnections& config, int number, uint64_t seed)
    : config_(config),
      number_(number),
      seed_(seed),
      links_(std::clamp(config.links(), 1, kMaxLinks)) {
  BeginSimulation();
}

RasKind RasLine::kind() const {
  return config_.kind() == RAS_KIND_UNSPECIFIED ? RAS_KIND_IKEV2 : config_.kind();
}

std::string RasLine::entry_name() const {
  return config_.count() > 1 ? absl::StrCat(config_.name(), " ", number_) : config_.name();
}

uint64_t RasLine::Draw(uint64_t purpose) const { return Mix(seed_ ^ Mix(purpose)); }

double RasLine::Random(uint64_t purpose) const {
  return static_cast<double>(Draw(purpose) >> 11) * 0x1p-53;
}

absl::Duration RasLine::About(double seconds, uint64_t purpose) const {
  return absl::Seconds(seconds * (0.5 + Random(purpose)));
}

double RasLine::link_speed_bps() const {
  return 1e6 * OrDefault(config_.speed_mbps(), kind() == RAS_KIND_ISDN ? 0.064 : 100);
}

// --- Sessions ---

void RasLine::BeginSimulation() {
  session_ = {};
  session_.number = 1;
  const double connected_for = config_.has_connected_for_s() ? config_.connected_for_s() : 3600;
  if (connected_for <= 0) {
    Connect(absl::ZeroDuration());
    return;
  }
  absl::Duration age = About(connected_for, kConnectedFor);
  // It must not have been dropped already.
  if (config_.up_s() > 0) {
    age = std::min(age, About(config_.up_s(), kUp + 1) * Random(kConnectedFor + 1));
  }
  const absl::Duration dial = About(OrDefault(config_.dial_s(), 3), kDial + 1);
  Connect(-age - dial);
}

// The service counts connections from the beginning, so that handles come again.
void RasLine::ServiceStarted(absl::Duration at) {
  session_ = {};
  session_.number = 1;
  Connect(at + About(OrDefault(config_.down_s(), 5),
                     kRestart + static_cast<uint64_t>(absl::ToInt64Seconds(at))));
}

// Plans the session of the current number, which is dialled at this time.
void RasLine::Connect(absl::Duration at) {
  session_.dialled_at = at;
  session_.connected_at = at + About(OrDefault(config_.dial_s(), 3), kDial + session_.number);
  session_.dropped_at = config_.up_s() > 0
                            ? session_.connected_at + About(config_.up_s(), kUp + session_.number)
                            : absl::InfiniteDuration();
  session_.gone_at = session_.dropped_at + absl::Seconds(config_.closing_s());
}

void RasLine::AdvanceTo(absl::Duration now) {
  while (now >= session_.gone_at) {
    const absl::Duration down = About(OrDefault(config_.down_s(), 5), kDown + session_.number);
    ++session_.number;
    Connect(session_.gone_at + down);
  }
}

bool RasLine::Listed(absl::Duration now) const {
  return now >= session_.connected_at && now < session_.gone_at;
}

RasLine::Condition RasLine::ConditionAt(absl::Duration now) const {
  Condition condition;
  condition.listed = Listed(now);
  if (!condition.listed) return condition;
  condition.session = session_.number;
  condition.sub_state = SubStateAt(now);
  for (int link = 1; link <= links_; ++link) {
    if (LinkAt(link, now).state == LinkState::kUp) condition.links_up |= 1u << link;
  }
  return condition;
}

absl::Duration RasLine::NextChange(absl::Duration now) const {
  absl::Duration next = absl::InfiniteDuration();
  for (const absl::Duration at :
       {session_.dialled_at, session_.connected_at, session_.dropped_at, session_.gone_at}) {
    if (at > now) next = std::min(next, at);
  }
  if (now < session_.connected_at || now >= session_.dropped_at) return next;
  const auto consider = [&](double seconds) {
    next = std::min(next, now + std::max(absl::Seconds(seconds), kShortest));
  };
  for (int link = 1; link <= links_; ++link) {
    const Cycle cycle = CycleOf(link);
    if (cycle.up_s <= 0) continue;
    const double at = std::fmod(SecondsIn(now) + cycle.phase_s, cycle.period());
    consider((at < cycle.dial_s ? cycle.dial_s
              : at < cycle.up_s ? cycle.up_s
                                : cycle.period()) -
             at);
  }
  if (const double every = config_.dormant_every_s(); every > 0) {
    const double at = std::fmod(SecondsIn(now), every);
    const double lost = every - config_.dormant_s();
    const double looks = every - config_.dormant_s() / 2;
    consider((at < lost ? lost : at < looks ? looks : every) - at);
  }
  return next;
}

// --- Links ---

RasLine::Cycle RasLine::CycleOf(int link) const {
  Cycle cycle;
  if (link == 1 || config_.link_up_s() <= 0) return cycle;
  const auto number = static_cast<uint64_t>(link);
  cycle.up_s = absl::ToDoubleSeconds(About(config_.link_up_s(), kLinkUp + number));
  cycle.down_s =
      absl::ToDoubleSeconds(About(OrDefault(config_.link_down_s(), 10), kLinkDown + number));
  cycle.dial_s = std::min(OrDefault(config_.dial_s(), 3), cycle.up_s / 2);
  cycle.phase_s = Random(kLinkPhase + number) * cycle.period();
  return cycle;
}

double RasLine::Cycle::UpTime(double time) const {
  if (up_s <= 0) return time;
  const double whole = std::floor(time / period());
  const double at = time - whole * period();
  return whole * (up_s - dial_s) + std::clamp(at - dial_s, 0.0, up_s - dial_s);
}

double RasLine::SecondsIn(absl::Duration now) const {
  return absl::ToDoubleSeconds(std::min(now, session_.dropped_at) - session_.connected_at);
}

RasLine::Link RasLine::LinkAt(int link, absl::Duration now) const {
  const Cycle cycle = CycleOf(link);
  if (now >= session_.dropped_at) return {LinkState::kDown, session_.dropped_at, 0};
  if (cycle.up_s <= 0) return {LinkState::kUp, session_.connected_at, 1};
  const double time = SecondsIn(now) + cycle.phase_s;
  const double whole = std::floor(time / cycle.period());
  const double at = time - whole * cycle.period();
  const auto ago = [&](double seconds) {
    return std::max(session_.connected_at, now - absl::Seconds(seconds));
  };
  const uint64_t number = 1 + static_cast<uint64_t>(whole);
  if (at < cycle.dial_s) return {LinkState::kDialling, ago(at), number};
  if (at < cycle.up_s) return {LinkState::kUp, ago(at - cycle.dial_s), number};
  return {LinkState::kDown, ago(at - cycle.up_s), number};
}

uint32_t RasLine::SubStateAt(absl::Duration now) const {
  const double every = config_.dormant_every_s();
  if (every <= 0 || kind() != RAS_KIND_IKEV2) return windows::kRasSubStateNone;
  const double time = SecondsIn(now);
  const double at = std::fmod(time, every);
  if (at >= every - config_.dormant_s() / 2) return windows::kRasSubStateReconnecting;
  if (at >= every - config_.dormant_s()) return windows::kRasSubStateDormant;
  return time < every ? windows::kRasSubStateNone : windows::kRasSubStateReconnected;
}

// --- Traffic ---

double RasLine::AwakeSeconds(absl::Duration now) const {
  const double time = std::max(0.0, SecondsIn(now));
  const double every = config_.dormant_every_s();
  if (every <= 0 || kind() != RAS_KIND_IKEV2) return time;
  const double awake = every - config_.dormant_s();
  const double whole = std::floor(time / every);
  return whole * awake + std::min(time - whole * every, awake);
}

double RasLine::Bytes(double rate, uint64_t purpose, double up_seconds) const {
  const double swing = config_.has_swing() ? std::clamp(config_.swing(), 0.0, 1.0) : 0.8;
  const double phase = 2 * kPi * Random(purpose);
  return rate * (up_seconds + swing * (kSlowShare * Wave(up_seconds, kSlowPeriod, phase) +
                                       kFastShare * Wave(up_seconds, kFastPeriod, 2 * phase)));
}

// What the link carries in its first so many seconds.
RasTraffic RasLine::Carried(int link, double up_seconds) const {
  const auto number = static_cast<uint64_t>(link);
  constexpr double kBytesPerKilobit = 125;
  const double share = kBytesPerKilobit / links_;
  const double out =
      Bytes(OrDefault(config_.out_kbps(), 200) * share, kBytesOut + number, up_seconds);
  const double in = Bytes(OrDefault(config_.in_kbps(), 800) * share, kBytesIn + number, up_seconds);
  // Frames in the direction that carries less are shorter.
  const double frame = OrDefault(config_.frame_bytes(), 700);
  const double frames_out = out / (0.8 * frame);
  const double frames_in = in / (1.1 * frame);
  const double errors =
      1e-6 * (config_.has_errors_per_million() ? config_.errors_per_million() : 300) * frames_in;
  RasTraffic traffic = {static_cast<uint64_t>(out), static_cast<uint64_t>(in),
                        static_cast<uint64_t>(frames_out), static_cast<uint64_t>(frames_in)};
  for (size_t i = 0; i < std::size(kErrorShares); ++i) {
    traffic[4 + i] = static_cast<uint64_t>(errors * kErrorShares[i]);
  }
  return traffic;
}

RasTraffic RasLine::TrafficAt(absl::Duration now) const {
  RasTraffic sum = {};
  const double awake = AwakeSeconds(now);
  for (int link = 1; link <= links_; ++link) {
    const Cycle cycle = CycleOf(link);
    const RasTraffic carried =
        Carried(link, cycle.UpTime(awake + cycle.phase_s) - cycle.UpTime(cycle.phase_s));
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += carried[i];
  }
  return sum;
}

RasTraffic RasLine::LinkTrafficAt(int link, absl::Duration now) const {
  const Cycle cycle = CycleOf(link);
  const double time = AwakeSeconds(now) + cycle.phase_s;
  const double before = cycle.UpTime(cycle.phase_s);
  RasTraffic traffic = Carried(link, cycle.UpTime(time) - before);
  if (cycle.up_s <= 0) return traffic;
  const double came_up = std::floor(time / cycle.period()) * cycle.period();
  const RasTraffic earlier = Carried(link, std::max(0.0, cycle.UpTime(came_up) - before));
  for (size_t i = 0; i < traffic.size(); ++i) traffic[i] -= earlier[i];
  return traffic;
}

}  // namespace farstat::sources::simulated
