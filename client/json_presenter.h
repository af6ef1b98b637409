// JSON lines, a contract that README.md states, and a JSON document for people.

#ifndef FARSTAT_CLIENT_JSON_PRESENTER_H_
#define FARSTAT_CLIENT_JSON_PRESENTER_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/format/json.h"
#include "client/options.h"
#include "client/output.h"
#include "client/presenter.h"

namespace farstat::client {

// One record per line, each complete in itself.
class JsonLinesPresenter : public Presenter {
 public:
  // With --rate rows carry "rates".
  JsonLinesPresenter(Output& output, const Options& options) : output_(output), options_(options) {}

  void Snapshot(const Target& target, const Sections& sections) override;
  void Changed(const Target& target, const StreamTable& table, const Change& change) override;
  void Answer(const Target& target, const std::string& kind, const Message& answer) override;
  void TargetChanged(const Target& target, const TargetEvent& event) override;
  void Finish(const Summary& summary) override;

 private:
  JsonObject Record(absl::string_view kind, const Target& target, absl::Time time) const;
  JsonObject SectionRecord(absl::string_view kind, const Target& target,
                           const Section& section) const;
  void WriteRow(absl::string_view kind, const Target& target, const Section& section,
                const Row& row);
  void WriteStatus(const Target& target, const Section& section);
  void WriteGap(const Target& target, const Section& section, const Gap& gap);
  void Write(JsonObject record);

  Output& output_;
  const Options& options_;
};

// One document per target, in an array where there are several; for a subscription one document
// per complete reading.
class JsonPresenter : public Presenter {
 public:
  JsonPresenter(Output& output, const Options& options, bool array)
      : output_(output), options_(options), array_(array) {}

  void Snapshot(const Target& target, const Sections& sections) override;
  void Changed(const Target& target, const StreamTable& table, const Change& change) override;
  void Answer(const Target& target, const std::string& kind, const Message& answer) override;
  void Finish(const Summary& summary) override;

 private:
  void Begin(const Target& target);
  void WriteSection(const Target& target, const Section& section, bool first);
  void End();

  Output& output_;
  const Options& options_;
  const bool array_;
  bool any_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_JSON_PRESENTER_H_
