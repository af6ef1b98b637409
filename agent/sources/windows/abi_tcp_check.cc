// The layout of the mirrors of tcpmib.h, tcpestats.h and iphlpapi.h, checked; see abi_check.h.

#include "agent/sources/windows/abi_check.h"
#include "agent/sources/windows/abi_tcp.h"

namespace farstat::sources::windows {
namespace {

struct TcpRowLayout {
  using Mirror = TcpRow;
  FARSTAT_NATIVE(MIB_TCPROW);
  FARSTAT_SIZE(20);
  FARSTAT_AT(state, dwState, 0);
  FARSTAT_AT(local_addr, dwLocalAddr, 4);
  FARSTAT_AT(local_port, dwLocalPort, 8);
  FARSTAT_AT(remote_addr, dwRemoteAddr, 12);
  FARSTAT_AT(remote_port, dwRemotePort, 16);
};

struct Tcp6RowLayout {
  using Mirror = Tcp6Row;
  FARSTAT_NATIVE(MIB_TCP6ROW);
  FARSTAT_SIZE(52);
  FARSTAT_AT(state, State, 0);
  FARSTAT_AT(local_addr, LocalAddr, 4);
  FARSTAT_AT(local_scope_id, dwLocalScopeId, 20);
  FARSTAT_AT(local_port, dwLocalPort, 24);
  FARSTAT_AT(remote_addr, RemoteAddr, 28);
  FARSTAT_AT(remote_scope_id, dwRemoteScopeId, 44);
  FARSTAT_AT(remote_port, dwRemotePort, 48);
};

struct TcpRow2Layout {
  using Mirror = TcpRow2;
  FARSTAT_NATIVE(MIB_TCPROW2);
  FARSTAT_SIZE(28);
  FARSTAT_AT(state, dwState, 0);
  FARSTAT_AT(local_addr, dwLocalAddr, 4);
  FARSTAT_AT(local_port, dwLocalPort, 8);
  FARSTAT_AT(remote_addr, dwRemoteAddr, 12);
  FARSTAT_AT(remote_port, dwRemotePort, 16);
  FARSTAT_AT(owning_pid, dwOwningPid, 20);
  FARSTAT_AT(offload_state, dwOffloadState, 24);
};

struct Tcp6Row2Layout {
  using Mirror = Tcp6Row2;
  FARSTAT_NATIVE(MIB_TCP6ROW2);
  FARSTAT_SIZE(60);
  FARSTAT_AT(local_addr, LocalAddr, 0);
  FARSTAT_AT(local_scope_id, dwLocalScopeId, 16);
  FARSTAT_AT(local_port, dwLocalPort, 20);
  FARSTAT_AT(remote_addr, RemoteAddr, 24);
  FARSTAT_AT(remote_scope_id, dwRemoteScopeId, 40);
  FARSTAT_AT(remote_port, dwRemotePort, 44);
  FARSTAT_AT(state, State, 48);
  FARSTAT_AT(owning_pid, dwOwningPid, 52);
  FARSTAT_AT(offload_state, dwOffloadState, 56);
};

struct TcpRowOwnerPidLayout {
  using Mirror = TcpRowOwnerPid;
  FARSTAT_NATIVE(MIB_TCPROW_OWNER_PID);
  FARSTAT_SIZE(24);
  FARSTAT_AT(state, dwState, 0);
  FARSTAT_AT(local_addr, dwLocalAddr, 4);
  FARSTAT_AT(local_port, dwLocalPort, 8);
  FARSTAT_AT(remote_addr, dwRemoteAddr, 12);
  FARSTAT_AT(remote_port, dwRemotePort, 16);
  FARSTAT_AT(owning_pid, dwOwningPid, 20);
};

struct Tcp6RowOwnerPidLayout {
  using Mirror = Tcp6RowOwnerPid;
  FARSTAT_NATIVE(MIB_TCP6ROW_OWNER_PID);
  FARSTAT_SIZE(56);
  FARSTAT_AT(local_addr, ucLocalAddr, 0);
  FARSTAT_AT(local_scope_id, dwLocalScopeId, 16);
  FARSTAT_AT(local_port, dwLocalPort, 20);
  FARSTAT_AT(remote_addr, ucRemoteAddr, 24);
  FARSTAT_AT(remote_scope_id, dwRemoteScopeId, 40);
  FARSTAT_AT(remote_port, dwRemotePort, 44);
  FARSTAT_AT(state, dwState, 48);
  FARSTAT_AT(owning_pid, dwOwningPid, 52);
};

struct TcpRowOwnerModuleLayout {
  using Mirror = TcpRowOwnerModule;
  FARSTAT_NATIVE(MIB_TCPROW_OWNER_MODULE);
  FARSTAT_SIZE(160);
  FARSTAT_AT(state, dwState, 0);
  FARSTAT_AT(local_addr, dwLocalAddr, 4);
  FARSTAT_AT(local_port, dwLocalPort, 8);
  FARSTAT_AT(remote_addr, dwRemoteAddr, 12);
  FARSTAT_AT(remote_port, dwRemotePort, 16);
  FARSTAT_AT(owning_pid, dwOwningPid, 20);
  FARSTAT_AT(create_timestamp, liCreateTimestamp, 24);
  FARSTAT_AT(owning_module_info, OwningModuleInfo, 32);
};

struct Tcp6RowOwnerModuleLayout {
  using Mirror = Tcp6RowOwnerModule;
  FARSTAT_NATIVE(MIB_TCP6ROW_OWNER_MODULE);
  FARSTAT_SIZE(192);
  FARSTAT_AT(local_addr, ucLocalAddr, 0);
  FARSTAT_AT(local_scope_id, dwLocalScopeId, 16);
  FARSTAT_AT(local_port, dwLocalPort, 20);
  FARSTAT_AT(remote_addr, ucRemoteAddr, 24);
  FARSTAT_AT(remote_scope_id, dwRemoteScopeId, 40);
  FARSTAT_AT(remote_port, dwRemotePort, 44);
  FARSTAT_AT(state, dwState, 48);
  FARSTAT_AT(owning_pid, dwOwningPid, 52);
  FARSTAT_AT(create_timestamp, liCreateTimestamp, 56);
  FARSTAT_AT(owning_module_info, OwningModuleInfo, 64);
};

struct TcpTable2Layout {
  using Mirror = TcpTable2;
  FARSTAT_NATIVE(MIB_TCPTABLE2);
  FARSTAT_SIZE(32);
  FARSTAT_AT(num_entries, dwNumEntries, 0);
  FARSTAT_AT(table, table, 4);
};

struct Tcp6Table2Layout {
  using Mirror = Tcp6Table2;
  FARSTAT_NATIVE(MIB_TCP6TABLE2);
  FARSTAT_SIZE(64);
  FARSTAT_AT(num_entries, dwNumEntries, 0);
  FARSTAT_AT(table, table, 4);
};

struct TcpTableOwnerPidLayout {
  using Mirror = TcpTableOwnerPid;
  FARSTAT_NATIVE(MIB_TCPTABLE_OWNER_PID);
  FARSTAT_SIZE(28);
  FARSTAT_AT(num_entries, dwNumEntries, 0);
  FARSTAT_AT(table, table, 4);
};

struct Tcp6TableOwnerPidLayout {
  using Mirror = Tcp6TableOwnerPid;
  FARSTAT_NATIVE(MIB_TCP6TABLE_OWNER_PID);
  FARSTAT_SIZE(60);
  FARSTAT_AT(num_entries, dwNumEntries, 0);
  FARSTAT_AT(table, table, 4);
};

struct TcpTableOwnerModuleLayout {
  using Mirror = TcpTableOwnerModule;
  FARSTAT_NATIVE(MIB_TCPTABLE_OWNER_MODULE);
  FARSTAT_SIZE(168);
  FARSTAT_AT(num_entries, dwNumEntries, 0);
  FARSTAT_AT(table, table, 8);
};

struct Tcp6TableOwnerModuleLayout {
  using Mirror = Tcp6TableOwnerModule;
  FARSTAT_NATIVE(MIB_TCP6TABLE_OWNER_MODULE);
  FARSTAT_SIZE(200);
  FARSTAT_AT(num_entries, dwNumEntries, 0);
  FARSTAT_AT(table, table, 8);
};

struct OwnerModuleBasicInfoLayout {
  using Mirror = OwnerModuleBasicInfo;
  FARSTAT_NATIVE(TCPIP_OWNER_MODULE_BASIC_INFO);
  FARSTAT_SIZE(16);
  FARSTAT_AT(module_name, pModuleName, 0);
  FARSTAT_AT(module_path, pModulePath, 8);
};

struct TcpStatsLayout {
  using Mirror = TcpStats;
  FARSTAT_NATIVE(MIB_TCPSTATS);
  FARSTAT_SIZE(60);
  FARSTAT_AT(rto_algorithm, dwRtoAlgorithm, 0);
  FARSTAT_AT(rto_min, dwRtoMin, 4);
  FARSTAT_AT(rto_max, dwRtoMax, 8);
  FARSTAT_AT(max_conn, dwMaxConn, 12);
  FARSTAT_AT(active_opens, dwActiveOpens, 16);
  FARSTAT_AT(passive_opens, dwPassiveOpens, 20);
  FARSTAT_AT(attempt_fails, dwAttemptFails, 24);
  FARSTAT_AT(estab_resets, dwEstabResets, 28);
  FARSTAT_AT(curr_estab, dwCurrEstab, 32);
  FARSTAT_AT(in_segs, dwInSegs, 36);
  FARSTAT_AT(out_segs, dwOutSegs, 40);
  FARSTAT_AT(retrans_segs, dwRetransSegs, 44);
  FARSTAT_AT(in_errs, dwInErrs, 48);
  FARSTAT_AT(out_rsts, dwOutRsts, 52);
  FARSTAT_AT(num_conns, dwNumConns, 56);
};

struct TcpStats2Layout {
  using Mirror = TcpStats2;
  FARSTAT_SIZE_UNCHECKED(72);
  FARSTAT_AT_UNCHECKED(rto_algorithm, 0);
  FARSTAT_AT_UNCHECKED(rto_min, 4);
  FARSTAT_AT_UNCHECKED(rto_max, 8);
  FARSTAT_AT_UNCHECKED(max_conn, 12);
  FARSTAT_AT_UNCHECKED(active_opens, 16);
  FARSTAT_AT_UNCHECKED(passive_opens, 20);
  FARSTAT_AT_UNCHECKED(attempt_fails, 24);
  FARSTAT_AT_UNCHECKED(estab_resets, 28);
  FARSTAT_AT_UNCHECKED(curr_estab, 32);
  FARSTAT_AT_UNCHECKED(in_segs, 40);
  FARSTAT_AT_UNCHECKED(out_segs, 48);
  FARSTAT_AT_UNCHECKED(retrans_segs, 56);
  FARSTAT_AT_UNCHECKED(in_errs, 60);
  FARSTAT_AT_UNCHECKED(out_rsts, 64);
  FARSTAT_AT_UNCHECKED(num_conns, 68);
};

struct EstatsRwLayout {
  using Mirror = EstatsRw;
  FARSTAT_NATIVE(TCP_ESTATS_DATA_RW_v0);
  FARSTAT_SIZE(1);
  FARSTAT_AT(enable_collection, EnableCollection, 0);
};
#ifdef _WIN32
static_assert(sizeof(TCP_ESTATS_SND_CONG_RW_v0) == sizeof(EstatsRw));
static_assert(sizeof(TCP_ESTATS_PATH_RW_v0) == sizeof(EstatsRw));
static_assert(sizeof(TCP_ESTATS_SEND_BUFF_RW_v0) == sizeof(EstatsRw));
static_assert(sizeof(TCP_ESTATS_REC_RW_v0) == sizeof(EstatsRw));
static_assert(sizeof(TCP_ESTATS_OBS_REC_RW_v0) == sizeof(EstatsRw));
static_assert(sizeof(TCP_ESTATS_FINE_RTT_RW_v0) == sizeof(EstatsRw));
#endif

struct EstatsBandwidthRwLayout {
  using Mirror = EstatsBandwidthRw;
  FARSTAT_NATIVE(TCP_ESTATS_BANDWIDTH_RW_v0);
  FARSTAT_SIZE(8);
  FARSTAT_AT(enable_collection_outbound, EnableCollectionOutbound, 0);
  FARSTAT_AT(enable_collection_inbound, EnableCollectionInbound, 4);
};

struct EstatsSynOptsRosLayout {
  using Mirror = EstatsSynOptsRos;
  FARSTAT_NATIVE(TCP_ESTATS_SYN_OPTS_ROS_v0);
  FARSTAT_SIZE(12);
  FARSTAT_AT(active_open, ActiveOpen, 0);
  FARSTAT_AT(mss_rcvd, MssRcvd, 4);
  FARSTAT_AT(mss_sent, MssSent, 8);
};

struct EstatsDataRodLayout {
  using Mirror = EstatsDataRod;
  FARSTAT_NATIVE(TCP_ESTATS_DATA_ROD_v0);
  FARSTAT_SIZE(96);
  FARSTAT_AT(data_bytes_out, DataBytesOut, 0);
  FARSTAT_AT(data_segs_out, DataSegsOut, 8);
  FARSTAT_AT(data_bytes_in, DataBytesIn, 16);
  FARSTAT_AT(data_segs_in, DataSegsIn, 24);
  FARSTAT_AT(segs_out, SegsOut, 32);
  FARSTAT_AT(segs_in, SegsIn, 40);
  FARSTAT_AT(soft_errors, SoftErrors, 48);
  FARSTAT_AT(soft_error_reason, SoftErrorReason, 52);
  FARSTAT_AT(snd_una, SndUna, 56);
  FARSTAT_AT(snd_nxt, SndNxt, 60);
  FARSTAT_AT(snd_max, SndMax, 64);
  FARSTAT_AT(thru_bytes_acked, ThruBytesAcked, 72);
  FARSTAT_AT(rcv_nxt, RcvNxt, 80);
  FARSTAT_AT(thru_bytes_received, ThruBytesReceived, 88);
};

struct EstatsSndCongRosLayout {
  using Mirror = EstatsSndCongRos;
  FARSTAT_NATIVE(TCP_ESTATS_SND_CONG_ROS_v0);
  FARSTAT_SIZE(4);
  FARSTAT_AT(lim_cwnd, LimCwnd, 0);
};

struct EstatsSndCongRodLayout {
  using Mirror = EstatsSndCongRod;
  FARSTAT_NATIVE(TCP_ESTATS_SND_CONG_ROD_v0);
  FARSTAT_SIZE(88);
  FARSTAT_AT(snd_lim_trans_rwin, SndLimTransRwin, 0);
  FARSTAT_AT(snd_lim_time_rwin, SndLimTimeRwin, 4);
  FARSTAT_AT(snd_lim_bytes_rwin, SndLimBytesRwin, 8);
  FARSTAT_AT(snd_lim_trans_cwnd, SndLimTransCwnd, 16);
  FARSTAT_AT(snd_lim_time_cwnd, SndLimTimeCwnd, 20);
  FARSTAT_AT(snd_lim_bytes_cwnd, SndLimBytesCwnd, 24);
  FARSTAT_AT(snd_lim_trans_snd, SndLimTransSnd, 32);
  FARSTAT_AT(snd_lim_time_snd, SndLimTimeSnd, 36);
  FARSTAT_AT(snd_lim_bytes_snd, SndLimBytesSnd, 40);
  FARSTAT_AT(slow_start, SlowStart, 48);
  FARSTAT_AT(cong_avoid, CongAvoid, 52);
  FARSTAT_AT(other_reductions, OtherReductions, 56);
  FARSTAT_AT(cur_cwnd, CurCwnd, 60);
  FARSTAT_AT(max_ss_cwnd, MaxSsCwnd, 64);
  FARSTAT_AT(max_ca_cwnd, MaxCaCwnd, 68);
  FARSTAT_AT(cur_ssthresh, CurSsthresh, 72);
  FARSTAT_AT(max_ssthresh, MaxSsthresh, 76);
  FARSTAT_AT(min_ssthresh, MinSsthresh, 80);
};

struct EstatsPathRodLayout {
  using Mirror = EstatsPathRod;
  FARSTAT_NATIVE(TCP_ESTATS_PATH_ROD_v0);
  FARSTAT_SIZE(160);
  FARSTAT_AT(fast_retran, FastRetran, 0);
  FARSTAT_AT(timeouts, Timeouts, 4);
  FARSTAT_AT(subsequent_timeouts, SubsequentTimeouts, 8);
  FARSTAT_AT(cur_timeout_count, CurTimeoutCount, 12);
  FARSTAT_AT(abrupt_timeouts, AbruptTimeouts, 16);
  FARSTAT_AT(pkts_retrans, PktsRetrans, 20);
  FARSTAT_AT(bytes_retrans, BytesRetrans, 24);
  FARSTAT_AT(dup_acks_in, DupAcksIn, 28);
  FARSTAT_AT(sacks_rcvd, SacksRcvd, 32);
  FARSTAT_AT(sack_blocks_rcvd, SackBlocksRcvd, 36);
  FARSTAT_AT(cong_signals, CongSignals, 40);
  FARSTAT_AT(pre_cong_sum_cwnd, PreCongSumCwnd, 44);
  FARSTAT_AT(pre_cong_sum_rtt, PreCongSumRtt, 48);
  FARSTAT_AT(post_cong_sum_rtt, PostCongSumRtt, 52);
  FARSTAT_AT(post_cong_count_rtt, PostCongCountRtt, 56);
  FARSTAT_AT(ecn_signals, EcnSignals, 60);
  FARSTAT_AT(ece_rcvd, EceRcvd, 64);
  FARSTAT_AT(send_stall, SendStall, 68);
  FARSTAT_AT(quench_rcvd, QuenchRcvd, 72);
  FARSTAT_AT(retran_thresh, RetranThresh, 76);
  FARSTAT_AT(snd_dup_ack_episodes, SndDupAckEpisodes, 80);
  FARSTAT_AT(sum_bytes_reordered, SumBytesReordered, 84);
  FARSTAT_AT(non_recov_da, NonRecovDa, 88);
  FARSTAT_AT(non_recov_da_episodes, NonRecovDaEpisodes, 92);
  FARSTAT_AT(ack_after_fr, AckAfterFr, 96);
  FARSTAT_AT(dsack_dups, DsackDups, 100);
  FARSTAT_AT(sample_rtt, SampleRtt, 104);
  FARSTAT_AT(smoothed_rtt, SmoothedRtt, 108);
  FARSTAT_AT(rtt_var, RttVar, 112);
  FARSTAT_AT(max_rtt, MaxRtt, 116);
  FARSTAT_AT(min_rtt, MinRtt, 120);
  FARSTAT_AT(sum_rtt, SumRtt, 124);
  FARSTAT_AT(count_rtt, CountRtt, 128);
  FARSTAT_AT(cur_rto, CurRto, 132);
  FARSTAT_AT(max_rto, MaxRto, 136);
  FARSTAT_AT(min_rto, MinRto, 140);
  FARSTAT_AT(cur_mss, CurMss, 144);
  FARSTAT_AT(max_mss, MaxMss, 148);
  FARSTAT_AT(min_mss, MinMss, 152);
  FARSTAT_AT(spurious_rto_detections, SpuriousRtoDetections, 156);
};

struct EstatsSendBuffRodLayout {
  using Mirror = EstatsSendBuffRod;
  FARSTAT_NATIVE(TCP_ESTATS_SEND_BUFF_ROD_v0);
  FARSTAT_SIZE(32);
  FARSTAT_AT(cur_retx_queue, CurRetxQueue, 0);
  FARSTAT_AT(max_retx_queue, MaxRetxQueue, 8);
  FARSTAT_AT(cur_app_w_queue, CurAppWQueue, 16);
  FARSTAT_AT(max_app_w_queue, MaxAppWQueue, 24);
};

struct EstatsRecRodLayout {
  using Mirror = EstatsRecRod;
  FARSTAT_NATIVE(TCP_ESTATS_REC_ROD_v0);
  FARSTAT_SIZE(72);
  FARSTAT_AT(cur_rwin_sent, CurRwinSent, 0);
  FARSTAT_AT(max_rwin_sent, MaxRwinSent, 4);
  FARSTAT_AT(min_rwin_sent, MinRwinSent, 8);
  FARSTAT_AT(lim_rwin, LimRwin, 12);
  FARSTAT_AT(dup_ack_episodes, DupAckEpisodes, 16);
  FARSTAT_AT(dup_acks_out, DupAcksOut, 20);
  FARSTAT_AT(ce_rcvd, CeRcvd, 24);
  FARSTAT_AT(ecn_sent, EcnSent, 28);
  FARSTAT_AT(ecn_nonces_rcvd, EcnNoncesRcvd, 32);
  FARSTAT_AT(cur_reasm_queue, CurReasmQueue, 36);
  FARSTAT_AT(max_reasm_queue, MaxReasmQueue, 40);
  FARSTAT_AT(cur_app_r_queue, CurAppRQueue, 48);
  FARSTAT_AT(max_app_r_queue, MaxAppRQueue, 56);
  FARSTAT_AT(win_scale_sent, WinScaleSent, 64);
};

struct EstatsObsRecRodLayout {
  using Mirror = EstatsObsRecRod;
  FARSTAT_NATIVE(TCP_ESTATS_OBS_REC_ROD_v0);
  FARSTAT_SIZE(16);
  FARSTAT_AT(cur_rwin_rcvd, CurRwinRcvd, 0);
  FARSTAT_AT(max_rwin_rcvd, MaxRwinRcvd, 4);
  FARSTAT_AT(min_rwin_rcvd, MinRwinRcvd, 8);
  FARSTAT_AT(win_scale_rcvd, WinScaleRcvd, 12);
};

struct EstatsBandwidthRodLayout {
  using Mirror = EstatsBandwidthRod;
  FARSTAT_NATIVE(TCP_ESTATS_BANDWIDTH_ROD_v0);
  FARSTAT_SIZE(40);
  FARSTAT_AT(outbound_bandwidth, OutboundBandwidth, 0);
  FARSTAT_AT(inbound_bandwidth, InboundBandwidth, 8);
  FARSTAT_AT(outbound_instability, OutboundInstability, 16);
  FARSTAT_AT(inbound_instability, InboundInstability, 24);
  FARSTAT_AT(outbound_bandwidth_peaked, OutboundBandwidthPeaked, 32);
  FARSTAT_AT(inbound_bandwidth_peaked, InboundBandwidthPeaked, 33);
};

struct EstatsFineRttRodLayout {
  using Mirror = EstatsFineRttRod;
  FARSTAT_NATIVE(TCP_ESTATS_FINE_RTT_ROD_v0);
  FARSTAT_SIZE(16);
  FARSTAT_AT(rtt_var, RttVar, 0);
  FARSTAT_AT(max_rtt, MaxRtt, 4);
  FARSTAT_AT(min_rtt, MinRtt, 8);
  FARSTAT_AT(sum_rtt, SumRtt, 12);
};

}  // namespace
}  // namespace farstat::sources::windows
