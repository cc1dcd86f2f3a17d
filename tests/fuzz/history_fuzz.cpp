// Any bytes as a recorded history (`flashbid verify --history FILE`): one sentence that names the line, or a history
// that is written and read again as the same, and that the checker judges without harm.
#include <sstream>

#include "checker/checker.hpp"
#include "checker/history_lines.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid;
  using namespace flashbid::fuzz;
  std::istringstream in(std::string(reinterpret_cast<const char*>(bytes), size));
  const auto history = checker::read_history(in);
  if (!history) {
    must(!history.error().detail.empty(), "what is wrong with a history is said");
    return 0;
  }
  const checker::Report report = checker::check(*history);
  must(report.tally.operations == history->operations.size(), "every operation is counted");

  std::ostringstream written;
  must(checker::write_history(*history, written), "a history can be written");
  std::istringstream again(written.str());
  const auto same = checker::read_history(again);
  must(same.has_value(), "what was written can be read");
  std::ostringstream twice;
  must(checker::write_history(*same, twice), "it can be written again");
  must(twice.str() == written.str(), "it is the same history");
  must(checker::check(*same).findings.total() == report.findings.total(), "the checker says the same of it");
  return 0;
}
