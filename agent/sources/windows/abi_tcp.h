// Mirrors of what tcpmib.h, tcpestats.h and iphlpapi.h declare; abi.h says how they are written.
//
// Addresses and ports are in network order, a port in the low half of its member; the high half may
// hold anything. Remote addresses and ports of listening sockets hold anything.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ABI_TCP_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ABI_TCP_H_

#include <cstdint>

#include "agent/sources/windows/abi.h"

namespace farstat::sources::windows {

// MIB_TCP_STATE
enum TcpState : uint32_t {
  kTcpStateClosed = 1,
  kTcpStateListen = 2,
  kTcpStateSynSent = 3,
  kTcpStateSynReceived = 4,
  kTcpStateEstablished = 5,
  kTcpStateFinWait1 = 6,
  kTcpStateFinWait2 = 7,
  kTcpStateCloseWait = 8,
  kTcpStateClosing = 9,
  kTcpStateLastAck = 10,
  kTcpStateTimeWait = 11,
  kTcpStateDeleteTcb = 12,
  kTcpStateReserved = 100,
};

// MIB_TCPROW (MIB_TCPROW_LH): how an IPv4 connection is named to the EStats functions.
struct TcpRow {
  uint32_t state;
  uint32_t local_addr;
  uint32_t local_port;
  uint32_t remote_addr;
  uint32_t remote_port;
};

// MIB_TCP6ROW: the same for IPv6. Not the beginning of the rows of any table: its state comes
// first.
struct Tcp6Row {
  uint32_t state;
  uint8_t local_addr[16];
  uint32_t local_scope_id;
  uint32_t local_port;
  uint8_t remote_addr[16];
  uint32_t remote_scope_id;
  uint32_t remote_port;
};

// MIB_TCPROW2
struct TcpRow2 {
  uint32_t state;
  uint32_t local_addr;
  uint32_t local_port;
  uint32_t remote_addr;
  uint32_t remote_port;
  uint32_t owning_pid;
  uint32_t offload_state;  // TcpOffloadState
};

// MIB_TCP6ROW2
struct Tcp6Row2 {
  uint8_t local_addr[16];
  uint32_t local_scope_id;
  uint32_t local_port;
  uint8_t remote_addr[16];
  uint32_t remote_scope_id;
  uint32_t remote_port;
  uint32_t state;
  uint32_t owning_pid;
  uint32_t offload_state;  // TcpOffloadState
};

// TCP_CONNECTION_OFFLOAD_STATE
enum TcpOffloadState : uint32_t {
  kTcpOffloadInHost = 0,
  kTcpOffloadOffloading = 1,
  kTcpOffloadOffloaded = 2,
  kTcpOffloadUploading = 3,
};

// MIB_TCPROW_OWNER_PID. Rows with more members begin with these: MIB_TCPROW2 and
// MIB_TCPROW_OWNER_MODULE.
struct TcpRowOwnerPid {
  uint32_t state;
  uint32_t local_addr;
  uint32_t local_port;
  uint32_t remote_addr;
  uint32_t remote_port;
  uint32_t owning_pid;
};

// MIB_TCP6ROW_OWNER_PID. MIB_TCP6ROW2 and MIB_TCP6ROW_OWNER_MODULE begin with these members.
struct Tcp6RowOwnerPid {
  uint8_t local_addr[16];
  uint32_t local_scope_id;
  uint32_t local_port;
  uint8_t remote_addr[16];
  uint32_t remote_scope_id;
  uint32_t remote_port;
  uint32_t state;
  uint32_t owning_pid;
};

// MIB_TCPROW_OWNER_MODULE
struct TcpRowOwnerModule {
  uint32_t state;
  uint32_t local_addr;
  uint32_t local_port;
  uint32_t remote_addr;
  uint32_t remote_port;
  uint32_t owning_pid;
  int64_t create_timestamp;  // FILETIME of the bind.
  uint64_t owning_module_info[16];
};

// MIB_TCP6ROW_OWNER_MODULE
struct Tcp6RowOwnerModule {
  uint8_t local_addr[16];
  uint32_t local_scope_id;
  uint32_t local_port;
  uint8_t remote_addr[16];
  uint32_t remote_scope_id;
  uint32_t remote_port;
  uint32_t state;
  uint32_t owning_pid;
  int64_t create_timestamp;  // FILETIME of the bind.
  uint64_t owning_module_info[16];
};

// The tables end with num_entries rows; the size of the structure holds one.

// MIB_TCPTABLE2
struct TcpTable2 {
  uint32_t num_entries;
  TcpRow2 table[1];
};

// MIB_TCP6TABLE2
struct Tcp6Table2 {
  uint32_t num_entries;
  Tcp6Row2 table[1];
};

// MIB_TCPTABLE_OWNER_PID
struct TcpTableOwnerPid {
  uint32_t num_entries;
  TcpRowOwnerPid table[1];
};

// MIB_TCP6TABLE_OWNER_PID
struct Tcp6TableOwnerPid {
  uint32_t num_entries;
  Tcp6RowOwnerPid table[1];
};

// MIB_TCPTABLE_OWNER_MODULE
struct TcpTableOwnerModule {
  uint32_t num_entries;
  TcpRowOwnerModule table[1];
};

// MIB_TCP6TABLE_OWNER_MODULE
struct Tcp6TableOwnerModule {
  uint32_t num_entries;
  Tcp6RowOwnerModule table[1];
};

// TCP_TABLE_CLASS: TCP_TABLE_OWNER_MODULE_ALL, the one that is asked for, and
// TCP_TABLE_OWNER_PID_ALL, for where it is refused.
inline constexpr uint32_t kTcpTableOwnerModuleAll = 8;
inline constexpr uint32_t kTcpTableOwnerPidAll = 5;

// TCPIP_OWNER_MODULE_BASIC_INFO, which TCPIP_OWNER_MODULE_INFO_BASIC asks for. The texts lie behind
// it in the caller's buffer.
struct OwnerModuleBasicInfo {
  const char16_t* module_name;
  const char16_t* module_path;
};
inline constexpr uint32_t kOwnerModuleInfoBasic = 0;

// MIB_TCPSTATS, of GetTcpStatisticsEx.
struct TcpStats {
  uint32_t rto_algorithm;
  uint32_t rto_min;
  uint32_t rto_max;
  uint32_t max_conn;
  uint32_t active_opens;
  uint32_t passive_opens;
  uint32_t attempt_fails;
  uint32_t estab_resets;
  uint32_t curr_estab;
  uint32_t in_segs;
  uint32_t out_segs;
  uint32_t retrans_segs;
  uint32_t in_errs;
  uint32_t out_rsts;
  uint32_t num_conns;
};

// MIB_TCPSTATS2, of GetTcpStatisticsEx2 (Windows 10, 1709): segments in 64 bits.
struct TcpStats2 {
  uint32_t rto_algorithm;
  uint32_t rto_min;
  uint32_t rto_max;
  uint32_t max_conn;  // All ones: no fixed limit.
  uint32_t active_opens;
  uint32_t passive_opens;
  uint32_t attempt_fails;
  uint32_t estab_resets;
  uint32_t curr_estab;
  uint64_t in_segs;
  uint64_t out_segs;
  uint32_t retrans_segs;
  uint32_t in_errs;
  uint32_t out_rsts;
  uint32_t num_conns;
};

// TCP_ESTATS_TYPE
enum EstatsType : uint32_t {
  kEstatsSynOpts = 0,
  kEstatsData = 1,
  kEstatsSndCong = 2,
  kEstatsPath = 3,
  kEstatsSendBuff = 4,
  kEstatsRec = 5,
  kEstatsObsRec = 6,
  kEstatsBandwidth = 7,
  kEstatsFineRtt = 8,
};

// TCP_ESTATS_DATA_RW_v0, and likewise of SND_CONG, PATH, SEND_BUFF, REC, OBS_REC and FINE_RTT. What
// a group delivers is undefined while it is 0, although reading succeeds.
struct EstatsRw {
  uint8_t enable_collection;
};

// TCP_ESTATS_BANDWIDTH_RW_v0. Both members count in every Set.
struct EstatsBandwidthRw {
  int32_t enable_collection_outbound;  // EstatsSwitch
  int32_t enable_collection_inbound;   // EstatsSwitch
};

// TCP_BOOLEAN_OPTIONAL
enum EstatsSwitch : int32_t {
  kEstatsSwitchOff = 0,
  kEstatsSwitchOn = 1,
  kEstatsSwitchUnchanged = -1,
};

// What a 32-bit minimum, threshold or round-trip time holds before there is a value.
inline constexpr uint32_t kEstatsNoValue = 0xFFFFFFFF;
// What a window scale holds when the option was not used.
inline constexpr uint8_t kEstatsNoWinScale = 0xFF;

// TCP_ESTATS_SYN_OPTS_ROS_v0. Has no switch: valid once the connection is established.
struct EstatsSynOptsRos {
  uint8_t active_open;
  uint32_t mss_rcvd;  // 0: the option was absent.
  uint32_t mss_sent;  // 0: the option was absent.
};

// TCP_ESTATS_DATA_ROD_v0
struct EstatsDataRod {
  uint64_t data_bytes_out;
  uint64_t data_segs_out;
  uint64_t data_bytes_in;
  uint64_t data_segs_in;
  uint64_t segs_out;
  uint64_t segs_in;
  uint32_t soft_errors;
  uint32_t soft_error_reason;
  uint32_t snd_una;
  uint32_t snd_nxt;
  uint32_t snd_max;
  uint64_t thru_bytes_acked;
  uint32_t rcv_nxt;
  uint64_t thru_bytes_received;
};

// TCP_ESTATS_SND_CONG_ROS_v0
struct EstatsSndCongRos {
  uint32_t lim_cwnd;
};

// TCP_ESTATS_SND_CONG_ROD_v0. Times are in milliseconds.
struct EstatsSndCongRod {
  uint32_t snd_lim_trans_rwin;
  uint32_t snd_lim_time_rwin;
  uint64_t snd_lim_bytes_rwin;
  uint32_t snd_lim_trans_cwnd;
  uint32_t snd_lim_time_cwnd;
  uint64_t snd_lim_bytes_cwnd;
  uint32_t snd_lim_trans_snd;
  uint32_t snd_lim_time_snd;
  uint64_t snd_lim_bytes_snd;
  uint32_t slow_start;
  uint32_t cong_avoid;
  uint32_t other_reductions;
  uint32_t cur_cwnd;
  uint32_t max_ss_cwnd;
  uint32_t max_ca_cwnd;
  uint32_t cur_ssthresh;
  uint32_t max_ssthresh;
  uint32_t min_ssthresh;
};

// TCP_ESTATS_PATH_ROD_v0. Times are in milliseconds.
struct EstatsPathRod {
  uint32_t fast_retran;
  uint32_t timeouts;
  uint32_t subsequent_timeouts;
  uint32_t cur_timeout_count;
  uint32_t abrupt_timeouts;
  uint32_t pkts_retrans;
  uint32_t bytes_retrans;
  uint32_t dup_acks_in;
  uint32_t sacks_rcvd;
  uint32_t sack_blocks_rcvd;
  uint32_t cong_signals;
  uint32_t pre_cong_sum_cwnd;
  uint32_t pre_cong_sum_rtt;
  uint32_t post_cong_sum_rtt;
  uint32_t post_cong_count_rtt;
  uint32_t ecn_signals;
  uint32_t ece_rcvd;
  uint32_t send_stall;
  uint32_t quench_rcvd;  // Reserved, always 0.
  uint32_t retran_thresh;
  uint32_t snd_dup_ack_episodes;
  uint32_t sum_bytes_reordered;
  uint32_t non_recov_da;
  uint32_t non_recov_da_episodes;
  uint32_t ack_after_fr;  // Reserved, always 0.
  uint32_t dsack_dups;
  uint32_t sample_rtt;
  uint32_t smoothed_rtt;
  uint32_t rtt_var;
  uint32_t max_rtt;
  uint32_t min_rtt;
  uint32_t sum_rtt;
  uint32_t count_rtt;
  uint32_t cur_rto;
  uint32_t max_rto;
  uint32_t min_rto;
  uint32_t cur_mss;
  uint32_t max_mss;
  uint32_t min_mss;
  uint32_t spurious_rto_detections;
};

// TCP_ESTATS_SEND_BUFF_ROD_v0
struct EstatsSendBuffRod {
  uint64_t cur_retx_queue;
  uint64_t max_retx_queue;
  uint64_t cur_app_w_queue;
  uint64_t max_app_w_queue;
};

// TCP_ESTATS_REC_ROD_v0
struct EstatsRecRod {
  uint32_t cur_rwin_sent;
  uint32_t max_rwin_sent;
  uint32_t min_rwin_sent;
  uint32_t lim_rwin;
  uint32_t dup_ack_episodes;
  uint32_t dup_acks_out;
  uint32_t ce_rcvd;
  uint32_t ecn_sent;         // Reserved, always 0.
  uint32_t ecn_nonces_rcvd;  // Reserved, always 0.
  uint32_t cur_reasm_queue;
  uint32_t max_reasm_queue;
  uint64_t cur_app_r_queue;
  uint64_t max_app_r_queue;
  uint8_t win_scale_sent;
};

// TCP_ESTATS_OBS_REC_ROD_v0
struct EstatsObsRecRod {
  uint32_t cur_rwin_rcvd;
  uint32_t max_rwin_rcvd;
  uint32_t min_rwin_rcvd;
  uint8_t win_scale_rcvd;
};

// TCP_ESTATS_BANDWIDTH_ROD_v0. Bits per second; 0: no estimate yet.
struct EstatsBandwidthRod {
  uint64_t outbound_bandwidth;
  uint64_t inbound_bandwidth;
  uint64_t outbound_instability;
  uint64_t inbound_instability;
  uint8_t outbound_bandwidth_peaked;
  uint8_t inbound_bandwidth_peaked;
};

// TCP_ESTATS_FINE_RTT_ROD_v0. Microseconds, unlike those of the path.
struct EstatsFineRttRod {
  uint32_t rtt_var;
  uint32_t max_rtt;
  uint32_t min_rtt;
  uint32_t sum_rtt;  // In spite of its name the smoothed time, no sum.
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ABI_TCP_H_
