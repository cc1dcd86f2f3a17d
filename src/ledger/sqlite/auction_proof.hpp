// Proves one auction from its rows: it takes them off the heads of `ProofRows` and plays them. One thread; an object an
// auction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/replay.hpp"
#include "ledger/sqlite/proof_rows.hpp"
#include "ledger/sqlite/rows.hpp"

namespace flashbid::sqlite {

// What all auctions add up to, to be compared with the meta row.
struct ProofTotals {
  std::uint64_t auctions = 0;
  std::uint64_t events = 0;      // in history
  std::uint64_t unmoved = 0;     // journal rows
  std::uint64_t effects = 0;     // remembered keys of events
  std::uint64_t rejections = 0;  // remembered
  AuctionId last_auction;        // in history
  Timestamp last_at;             // in history: of events and of remembered rejections
};

class AuctionProof {
 public:
  // `first_ending`: the row of `endings` that is forgotten first, perhaps in part; none = there is none.
  AuctionProof(AuctionId id, const MetaRow& meta, const std::optional<EndingRow>& first_ending, ProofRows& rows,
               ProofTotals& totals)
      : id_(id), meta_(meta), first_ending_(first_ending), rows_(rows), totals_(totals), replay_(id) {}

  // All rows of the auction. Failure::corrupt says what is wrong with the first that is.
  [[nodiscard]] Result<void> run();

 private:
  [[nodiscard]] Result<void> history();
  [[nodiscard]] Result<void> image();
  [[nodiscard]] Result<void> ending();
  [[nodiscard]] Result<void> journal();

  [[nodiscard]] Result<void> play(const Record& record);
  [[nodiscard]] Result<void> check_hidden(const Record& record) const;
  [[nodiscard]] Result<void> take_place(Sequence sequence);
  [[nodiscard]] Result<void> take_answers(Sequence sequence);
  [[nodiscard]] Result<void> check_effect(const RememberedKey& stored);
  [[nodiscard]] Result<void> check_rejection(const RememberedKey& stored, const BidAnswer& answer);
  [[nodiscard]] Result<void> leftovers();
  [[nodiscard]] std::unexpected<Error> about(Sequence sequence, const std::string& why) const;
  [[nodiscard]] std::unexpected<Error> about(const KeyUse& use, const std::string& why) const;

  AuctionId id_;
  const MetaRow& meta_;
  const std::optional<EndingRow>& first_ending_;
  ProofRows& rows_;
  ProofTotals& totals_;

  Replay replay_;
  std::int64_t last_row_ = 0;  // in the order of history
  // The latest rejection on the newest event: what comes next may not be earlier.
  Timestamp rejected_at_;
  std::string rejected_key_;
  std::uint64_t keyed_events_ = 0;
  std::uint64_t effects_ = 0;  // of these, remembered
  Sequence forgotten_;         // the first of these that is not
};

}  // namespace flashbid::sqlite
