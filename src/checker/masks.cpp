#include "checker/masks.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flashbid::checker {
namespace {

bool is_mask(std::string_view name) { return name.contains('*'); }

std::string mask_of(std::string_view name) {
  std::string mask(name.substr(0, 1));
  mask += "***";
  if (name.size() > 1) mask += name.back();
  return mask;
}

class Unmasking {
 public:
  explicit Unmasking(History& history) : history_(history) {
    Names masks;
    masks_.reserve(history.bidders.size());
    for (BidderIndex i = 0; i < history.bidders.size(); ++i) {
      const std::string_view name = history.bidders[i];
      masks_.push_back(masks.index_of(is_mask(name) ? std::string(name) : mask_of(name)));
    }
    for (const Operation& operation : history.operations) {
      if (operation.outcome == Outcome::accepted) {
        accepted_.emplace(std::pair(operation.auction, operation.sequence), operation.bidder);
      } else if (operation.outcome == Outcome::unknown && operation.bidder < masks_.size()) {
        unknown_.insert_or_assign({operation.auction, masks_[operation.bidder], operation.amount}, operation.bidder);
      }
    }
  }

  void run() {
    for (AuctionRecord& auction : history_.auctions) unmask(auction, stories_[auction.id]);
    for (WatcherRecord& watcher : history_.watchers) unmask(watcher, stories_[watcher.auction]);
    for (Operation& operation : history_.operations) {
      put_back_at(operation.quote.leader, operation.quote.as_of_sequence, stories_[operation.auction]);
    }
  }

 private:
  struct Lead {
    Sequence since;
    BidderIndex leader;
  };
  struct Change {
    Sequence sequence;
    std::uint64_t before;
    std::uint64_t after;
  };
  // What an auction's events tell, by sequence.
  struct Story {
    std::vector<Lead> leads;
    std::vector<Change> changes;  // of events that named somebody by a mask: their digests
  };

  [[nodiscard]] bool fits(BidderIndex shown, BidderIndex real) const {
    const std::string_view mask = history_.bidders[shown];
    return is_mask(mask) && real != nobody && mask == mask_of(history_.bidders[real]);
  }
  void put_back(BidderIndex& shown, BidderIndex real) const {
    if (fits(shown, real)) shown = real;
  }
  void put_back_at(BidderIndex& shown, Sequence sequence, const Story& story) const {
    const auto behind = std::ranges::upper_bound(story.leads, sequence, {}, &Lead::since);
    if (behind != story.leads.begin()) put_back(shown, std::prev(behind)->leader);
  }

  // Whose bid this was: prices rise, so an amount stands for one bid. Who was told so comes before who was told
  // nothing.
  [[nodiscard]] BidderIndex bidder_of(AuctionId auction, const HistoryEvent& event) const {
    const auto told = accepted_.find(std::pair(auction, event.sequence));
    if (told != accepted_.end() && fits(event.bidder, told->second)) return told->second;
    if (event.bidder >= masks_.size()) return nobody;
    const auto open = unknown_.find({auction, masks_[event.bidder], event.amount.value_or(Amount(0))});
    return open == unknown_.end() ? nobody : open->second;
  }

  void unmask(AuctionRecord& auction, Story& story) const {
    for (HistoryEvent& event : auction.events) {
      const std::uint64_t before = digest_of(event);
      if (event.kind == EventKind::bid_accepted) {
        put_back(event.bidder, bidder_of(auction.id, event));
        put_back(event.leader, event.bidder);
        story.leads.push_back({event.sequence, event.bidder});
      } else if (event.kind == EventKind::closed) {
        put_back_at(event.leader, event.sequence, story);
      }
      if (const std::uint64_t after = digest_of(event); after != before) {
        story.changes.push_back({event.sequence, before, after});
      }
    }
    for (BidRow& row : auction.bids) put_back_at(row.bidder, row.sequence, story);
    for (StateSeen& read : auction.reads) unmask(read, story);
  }

  void unmask(StateSeen& seen, const Story& story) const {
    put_back_at(seen.leader, seen.sequence, story);
    put_back_at(seen.winner, seen.sequence, story);
  }

  void unmask(WatcherRecord& watcher, const Story& story) const {
    for (auto& state : watcher.states) unmask(state.seen, story);
    for (EventSeen& event : watcher.events) {
      const auto change = std::ranges::lower_bound(story.changes, event.sequence, {}, &Change::sequence);
      if (change == story.changes.end() || change->sequence != event.sequence) continue;
      if (change->before == event.digest) event.digest = change->after;
    }
  }

  History& history_;
  std::vector<std::uint32_t> masks_;  // by bidder
  std::map<std::pair<AuctionId, Sequence>, BidderIndex> accepted_;
  std::map<std::tuple<AuctionId, std::uint32_t, Amount>, BidderIndex> unknown_;  // by auction, mask and amount
  std::unordered_map<AuctionId, Story> stories_;
};

}  // namespace

bool has_masks(const History& history) {
  for (std::uint32_t i = 0; i < history.bidders.size(); ++i) {
    if (is_mask(history.bidders[i])) return true;
  }
  return false;
}

History without_masks(History history) {
  Unmasking(history).run();
  return history;
}

}  // namespace flashbid::checker
