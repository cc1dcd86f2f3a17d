// One auction's history with who, when and why, as JSON and in English sentences: for operators alone, whom it names.
// How much the reserve is it does not say, as nothing does. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "auction/explain.hpp"
#include "ledger/operator_action.hpp"
#include "ledger/record.hpp"
#include "wire/bidder_names.hpp"

namespace flashbid {

struct ExplainedPage {
  AuctionId auction;
  SharedTerms terms;
  std::vector<Explanation> events;
  std::vector<OperatorAction> actions;  // of the whole auction
  std::vector<BidAnswer> rejections;    // that rest on a state of this page
  Timestamp rejections_since;           // none that was decided from here on is missing
  Sequence last;                        // of the page
};

// {"auction_id","events":[{"sequence","event","at","by","rule","before":{…}|null,"after":{…},"numbers":{…},"why"},…],
//  "rejections":[{"as_of_sequence","at","by","amount","reason",…,"step":{…}|null,"why"},…],"rejections_since",
//  "next_after_sequence"}
void encode_explained(const ExplainedPage& page, BidderNames names, std::string& out);

// The cause in a sentence or two. `by`: who did it; empty = nobody, or unknown.
[[nodiscard]] std::string why(const Explanation& told, const Terms& terms, const BidderId& by, BidderNames names);
[[nodiscard]] std::string why(const BidAnswer& rejection, const Terms& terms, BidderNames names);

}  // namespace flashbid
