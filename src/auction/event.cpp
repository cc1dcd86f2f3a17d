#include "auction/event.hpp"

namespace flashbid {
namespace {

struct Name {
  std::string_view operator()(const Created&) const { return "created"; }
  std::string_view operator()(const Opened&) const { return "opened"; }
  std::string_view operator()(const BidAccepted&) const { return "bid_accepted"; }
  std::string_view operator()(const Extended&) const { return "extended"; }
  std::string_view operator()(const Closed&) const { return "closed"; }
  std::string_view operator()(const Cancelled&) const { return "cancelled"; }
};

}  // namespace

std::string_view name_of(const EventBody& body) { return std::visit(Name{}, body); }

}  // namespace flashbid
