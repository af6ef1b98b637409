// The members of the EStats structures as Microsoft's reference lists them: the measure of what the
// rows of Windows' connections must hold.

#ifndef FARSTAT_TESTS_SUPPORT_TCP_ESTATS_MEMBERS_H_
#define FARSTAT_TESTS_SUPPORT_TCP_ESTATS_MEMBERS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tests/support/windows_tcp_fake.h"

namespace farstat::testing {

struct EstatsMember {
  // As the API's annotations name it.
  const char* name;
  // Where its structure begins in FakeTcp, where it is in there by the reference, and its size.
  size_t structure;
  size_t offset;
  size_t size;

  uint64_t AllOnes() const { return ~uint64_t{0} >> (64 - 8 * size); }
  void Set(FakeTcp& connection, uint64_t value) const {
    std::memcpy(reinterpret_cast<char*>(&connection) + structure + offset, &value, size);
  }
};

#define FARSTAT_MEMBER(Structure, Member, structure, offset, size) \
  { "TCP_ESTATS_" #Structure "_v0." #Member, offsetof(FakeTcp, structure), offset, size }
inline const EstatsMember kEstatsMembers[] = {
    FARSTAT_MEMBER(SYN_OPTS_ROS, ActiveOpen, syn_opts, 0, 1),
    FARSTAT_MEMBER(SYN_OPTS_ROS, MssRcvd, syn_opts, 4, 4),
    FARSTAT_MEMBER(SYN_OPTS_ROS, MssSent, syn_opts, 8, 4),
    FARSTAT_MEMBER(DATA_ROD, DataBytesOut, data, 0, 8),
    FARSTAT_MEMBER(DATA_ROD, DataSegsOut, data, 8, 8),
    FARSTAT_MEMBER(DATA_ROD, DataBytesIn, data, 16, 8),
    FARSTAT_MEMBER(DATA_ROD, DataSegsIn, data, 24, 8),
    FARSTAT_MEMBER(DATA_ROD, SegsOut, data, 32, 8),
    FARSTAT_MEMBER(DATA_ROD, SegsIn, data, 40, 8),
    FARSTAT_MEMBER(DATA_ROD, SoftErrors, data, 48, 4),
    FARSTAT_MEMBER(DATA_ROD, SoftErrorReason, data, 52, 4),
    FARSTAT_MEMBER(DATA_ROD, SndUna, data, 56, 4),
    FARSTAT_MEMBER(DATA_ROD, SndNxt, data, 60, 4),
    FARSTAT_MEMBER(DATA_ROD, SndMax, data, 64, 4),
    FARSTAT_MEMBER(DATA_ROD, ThruBytesAcked, data, 72, 8),
    FARSTAT_MEMBER(DATA_ROD, RcvNxt, data, 80, 4),
    FARSTAT_MEMBER(DATA_ROD, ThruBytesReceived, data, 88, 8),
    FARSTAT_MEMBER(SND_CONG_ROS, LimCwnd, snd_cong_limit, 0, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimTransRwin, snd_cong, 0, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimTimeRwin, snd_cong, 4, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimBytesRwin, snd_cong, 8, 8),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimTransCwnd, snd_cong, 16, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimTimeCwnd, snd_cong, 20, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimBytesCwnd, snd_cong, 24, 8),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimTransSnd, snd_cong, 32, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimTimeSnd, snd_cong, 36, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, SndLimBytesSnd, snd_cong, 40, 8),
    FARSTAT_MEMBER(SND_CONG_ROD, SlowStart, snd_cong, 48, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, CongAvoid, snd_cong, 52, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, OtherReductions, snd_cong, 56, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, CurCwnd, snd_cong, 60, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, MaxSsCwnd, snd_cong, 64, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, MaxCaCwnd, snd_cong, 68, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, CurSsthresh, snd_cong, 72, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, MaxSsthresh, snd_cong, 76, 4),
    FARSTAT_MEMBER(SND_CONG_ROD, MinSsthresh, snd_cong, 80, 4),
    FARSTAT_MEMBER(PATH_ROD, FastRetran, path, 0, 4),
    FARSTAT_MEMBER(PATH_ROD, Timeouts, path, 4, 4),
    FARSTAT_MEMBER(PATH_ROD, SubsequentTimeouts, path, 8, 4),
    FARSTAT_MEMBER(PATH_ROD, CurTimeoutCount, path, 12, 4),
    FARSTAT_MEMBER(PATH_ROD, AbruptTimeouts, path, 16, 4),
    FARSTAT_MEMBER(PATH_ROD, PktsRetrans, path, 20, 4),
    FARSTAT_MEMBER(PATH_ROD, BytesRetrans, path, 24, 4),
    FARSTAT_MEMBER(PATH_ROD, DupAcksIn, path, 28, 4),
    FARSTAT_MEMBER(PATH_ROD, SacksRcvd, path, 32, 4),
    FARSTAT_MEMBER(PATH_ROD, SackBlocksRcvd, path, 36, 4),
    FARSTAT_MEMBER(PATH_ROD, CongSignals, path, 40, 4),
    FARSTAT_MEMBER(PATH_ROD, PreCongSumCwnd, path, 44, 4),
    FARSTAT_MEMBER(PATH_ROD, PreCongSumRtt, path, 48, 4),
    FARSTAT_MEMBER(PATH_ROD, PostCongSumRtt, path, 52, 4),
    FARSTAT_MEMBER(PATH_ROD, PostCongCountRtt, path, 56, 4),
    FARSTAT_MEMBER(PATH_ROD, EcnSignals, path, 60, 4),
    FARSTAT_MEMBER(PATH_ROD, EceRcvd, path, 64, 4),
    FARSTAT_MEMBER(PATH_ROD, SendStall, path, 68, 4),
    FARSTAT_MEMBER(PATH_ROD, QuenchRcvd, path, 72, 4),
    FARSTAT_MEMBER(PATH_ROD, RetranThresh, path, 76, 4),
    FARSTAT_MEMBER(PATH_ROD, SndDupAckEpisodes, path, 80, 4),
    FARSTAT_MEMBER(PATH_ROD, SumBytesReordered, path, 84, 4),
    FARSTAT_MEMBER(PATH_ROD, NonRecovDa, path, 88, 4),
    FARSTAT_MEMBER(PATH_ROD, NonRecovDaEpisodes, path, 92, 4),
    FARSTAT_MEMBER(PATH_ROD, AckAfterFr, path, 96, 4),
    FARSTAT_MEMBER(PATH_ROD, DsackDups, path, 100, 4),
    FARSTAT_MEMBER(PATH_ROD, SampleRtt, path, 104, 4),
    FARSTAT_MEMBER(PATH_ROD, SmoothedRtt, path, 108, 4),
    FARSTAT_MEMBER(PATH_ROD, RttVar, path, 112, 4),
    FARSTAT_MEMBER(PATH_ROD, MaxRtt, path, 116, 4),
    FARSTAT_MEMBER(PATH_ROD, MinRtt, path, 120, 4),
    FARSTAT_MEMBER(PATH_ROD, SumRtt, path, 124, 4),
    FARSTAT_MEMBER(PATH_ROD, CountRtt, path, 128, 4),
    FARSTAT_MEMBER(PATH_ROD, CurRto, path, 132, 4),
    FARSTAT_MEMBER(PATH_ROD, MaxRto, path, 136, 4),
    FARSTAT_MEMBER(PATH_ROD, MinRto, path, 140, 4),
    FARSTAT_MEMBER(PATH_ROD, CurMss, path, 144, 4),
    FARSTAT_MEMBER(PATH_ROD, MaxMss, path, 148, 4),
    FARSTAT_MEMBER(PATH_ROD, MinMss, path, 152, 4),
    FARSTAT_MEMBER(PATH_ROD, SpuriousRtoDetections, path, 156, 4),
    FARSTAT_MEMBER(SEND_BUFF_ROD, CurRetxQueue, send_buff, 0, 8),
    FARSTAT_MEMBER(SEND_BUFF_ROD, MaxRetxQueue, send_buff, 8, 8),
    FARSTAT_MEMBER(SEND_BUFF_ROD, CurAppWQueue, send_buff, 16, 8),
    FARSTAT_MEMBER(SEND_BUFF_ROD, MaxAppWQueue, send_buff, 24, 8),
    FARSTAT_MEMBER(REC_ROD, CurRwinSent, rec, 0, 4),
    FARSTAT_MEMBER(REC_ROD, MaxRwinSent, rec, 4, 4),
    FARSTAT_MEMBER(REC_ROD, MinRwinSent, rec, 8, 4),
    FARSTAT_MEMBER(REC_ROD, LimRwin, rec, 12, 4),
    FARSTAT_MEMBER(REC_ROD, DupAckEpisodes, rec, 16, 4),
    FARSTAT_MEMBER(REC_ROD, DupAcksOut, rec, 20, 4),
    FARSTAT_MEMBER(REC_ROD, CeRcvd, rec, 24, 4),
    FARSTAT_MEMBER(REC_ROD, EcnSent, rec, 28, 4),
    FARSTAT_MEMBER(REC_ROD, EcnNoncesRcvd, rec, 32, 4),
    FARSTAT_MEMBER(REC_ROD, CurReasmQueue, rec, 36, 4),
    FARSTAT_MEMBER(REC_ROD, MaxReasmQueue, rec, 40, 4),
    FARSTAT_MEMBER(REC_ROD, CurAppRQueue, rec, 48, 8),
    FARSTAT_MEMBER(REC_ROD, MaxAppRQueue, rec, 56, 8),
    FARSTAT_MEMBER(REC_ROD, WinScaleSent, rec, 64, 1),
    FARSTAT_MEMBER(OBS_REC_ROD, CurRwinRcvd, obs_rec, 0, 4),
    FARSTAT_MEMBER(OBS_REC_ROD, MaxRwinRcvd, obs_rec, 4, 4),
    FARSTAT_MEMBER(OBS_REC_ROD, MinRwinRcvd, obs_rec, 8, 4),
    FARSTAT_MEMBER(OBS_REC_ROD, WinScaleRcvd, obs_rec, 12, 1),
    FARSTAT_MEMBER(BANDWIDTH_ROD, OutboundBandwidth, bandwidth, 0, 8),
    FARSTAT_MEMBER(BANDWIDTH_ROD, InboundBandwidth, bandwidth, 8, 8),
    FARSTAT_MEMBER(BANDWIDTH_ROD, OutboundInstability, bandwidth, 16, 8),
    FARSTAT_MEMBER(BANDWIDTH_ROD, InboundInstability, bandwidth, 24, 8),
    FARSTAT_MEMBER(BANDWIDTH_ROD, OutboundBandwidthPeaked, bandwidth, 32, 1),
    FARSTAT_MEMBER(BANDWIDTH_ROD, InboundBandwidthPeaked, bandwidth, 33, 1),
    FARSTAT_MEMBER(FINE_RTT_ROD, RttVar, fine_rtt, 0, 4),
    FARSTAT_MEMBER(FINE_RTT_ROD, MaxRtt, fine_rtt, 4, 4),
    FARSTAT_MEMBER(FINE_RTT_ROD, MinRtt, fine_rtt, 8, 4),
    FARSTAT_MEMBER(FINE_RTT_ROD, SumRtt, fine_rtt, 12, 4),
};
#undef FARSTAT_MEMBER

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_TCP_ESTATS_MEMBERS_H_
