// Tables for people: one after the other, or (watching, on a terminal) one that is drawn anew.

#ifndef FARSTAT_CLIENT_TABLE_PRESENTER_H_
#define FARSTAT_CLIENT_TABLE_PRESENTER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/format/section_text.h"
#include "client/format/table.h"
#include "client/notes.h"
#include "client/options.h"
#include "client/output.h"
#include "client/presenter.h"

namespace farstat::client {

struct TableSettings {
  // Columns to choose for and to fit into; 0: no window.
  size_t width = 0;
  bool color = false;
  // More than one target: a column HOST.
  bool several_targets = false;
};

class TablePresenter : public Presenter {
 public:
  TablePresenter(Output& output, Notes& notes, const Options& options,
                 const TableSettings& settings);

  void Snapshot(const Target& target, const Sections& sections) override;
  void Changed(const Target& target, const StreamTable& table, const Change& change) override;
  void Answer(const Target& target, const std::string& kind, const Message& answer) override;
  void Finish(const Summary& summary) override;

 private:
  std::vector<const Section*> AsPointers(const std::vector<Section>& sections) const;
  // The sections of one target, one below the other.
  void WriteSections(const std::vector<const Section*>& sections);
  // Rows with the column HOST, below those of other targets.
  void WriteRows(const std::vector<SectionOfHost>& sections);
  // What came of changing a target: a line below those of other targets.
  void WriteResult(const Target& target, const Message& answer);
  void NoteUnavailable(const Target& target, const Section& section);

  Output& output_;
  Notes& notes_;
  const Options& options_;
  const TableSettings settings_;
  // One layout for all rows with HOST, so that the columns stay where they are.
  std::unique_ptr<TableLayout> layout_;
  // Rows that wait for all targets to answer, because they are sorted or limited together.
  std::vector<std::pair<const Target*, Sections>> waiting_;
  bool any_ = false;
};

// Redraws the newest tables from the top of the screen, as much as the window holds.
class LivePresenter : public Presenter {
 public:
  LivePresenter(Output& output, Notes& notes, const Options& options, bool color);
  ~LivePresenter() override;

  void Snapshot(const Target& /*target*/, const Sections& /*sections*/) override {}
  void Changed(const Target& target, const StreamTable& table, const Change& change) override;
  void Answer(const Target& /*target*/, const std::string& /*kind*/,
              const Message& /*answer*/) override {}
  void TargetChanged(const Target& target, const TargetEvent& event) override;
  void Redraw() override;
  bool is_live() const override { return true; }
  void Finish(const Summary& summary) override;

 private:
  struct Shown {
    const StreamTable* table = nullptr;
    absl::Duration interval = absl::ZeroDuration();
    std::string trouble;
  };

  std::vector<std::string> Title(size_t width) const;
  std::vector<std::string> Body(const TableStyle& style, size_t lines) const;

  Output& output_;
  Notes& notes_;
  const Options& options_;
  const bool color_;
  std::map<const Target*, Shown> targets_;
  bool begun_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_TABLE_PRESENTER_H_
