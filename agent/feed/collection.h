// A collection that a feed has begun.

#ifndef FARSTAT_AGENT_FEED_COLLECTION_H_
#define FARSTAT_AGENT_FEED_COLLECTION_H_

#include <memory>

#include "absl/time/time.h"
#include "agent/feed/demand.h"
#include "agent/feed/feed.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace farstat::feed {

// Shared with the thread that carries it out, which may outlive the feed.
struct Feed::Collection {
  std::shared_ptr<const Demands> demands;
  absl::Time start_time;
  SteadyTime steady_start;

  Mutex mutex;
  // Whom to tell of its end; null: the feed has gone.
  Feed* feed ABSL_GUARDED_BY(mutex) = nullptr;
  Collected collected ABSL_GUARDED_BY(mutex);
  absl::Duration cpu_time ABSL_GUARDED_BY(mutex);
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_COLLECTION_H_
