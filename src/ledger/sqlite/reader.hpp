// Reads the SQLite ledger's history through a connection of its own that cannot write. One thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ledger/history_step.hpp"
#include "ledger/ledger.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

class Reader final : public LedgerReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Reader>> over(Database db);

  [[nodiscard]] Result<std::vector<StoredEvent>> events(AuctionId auction, Sequence after, std::size_t limit,
                                                        bool bids_only) override;
  [[nodiscard]] Result<std::vector<Record>> records(AuctionId auction, Sequence after, std::size_t limit) override;
  [[nodiscard]] Result<std::optional<Auction>> auction(AuctionId id) override;
  [[nodiscard]] Result<std::vector<Auction>> list(const ListQuery& query) override;
  [[nodiscard]] Result<std::optional<StoredAnswer>> answer(Operation operation, AuctionId auction,
                                                           const BidderId& caller, const IdempotencyKey& key) override;
  [[nodiscard]] Result<std::vector<StoredRejection>> rejections(AuctionId auction, std::size_t limit) override;

 private:
  explicit Reader(Database db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> prepare();
  // The row that a statement of `answers` finds for a key: at it or on one side of it.
  [[nodiscard]] Result<std::optional<RememberedKey>> find_answer(Statement& statement, const RememberedKey& wanted);

  Database db_;
  Statement events_;
  Statement bids_;
  Statement auction_;
  Statement list_;
  Statement list_in_state_;
  Statement answer_at_or_before_;
  Statement answer_after_;
  Statement rejections_;
};

}  // namespace flashbid::sqlite
