// A ledger that has been opened and recovered, and what recovery told.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "ledger/ledger.hpp"

namespace flashbid::testing {

struct Recovered {
  RecoveryReport report;
  std::vector<Auction> images;
  std::vector<Record> records;
};

inline Result<Recovered> recover(LedgerWriter& writer) {
  Recovered recovered;
  Recovery recovery;
  recovery.on_image = [&](Auction image) -> Result<void> {
    recovered.images.push_back(std::move(image));
    return {};
  };
  recovery.on_record = [&](const Record& record) -> Result<void> {
    recovered.records.push_back(record);
    return {};
  };
  auto report = writer.recover(recovery);
  if (!report) return std::unexpected(report.error());
  recovered.report = *report;
  return recovered;
}

}  // namespace flashbid::testing
