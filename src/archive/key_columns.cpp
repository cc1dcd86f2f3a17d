#include "archive/key_columns.hpp"

namespace flashbid::archive {

Parameters key_columns(std::span<const RememberedKey> keys) {
  NumberArray operations;
  NumberArray scopes;
  TextArray callers;
  TextArray names;
  TextArray fingerprints;
  NumberArray auctions;
  NumberArray sequences;
  for (const RememberedKey& key : keys) {
    operations.add(static_cast<std::uint64_t>(key.use.operation));
    scopes.add(key.scope.value());
    callers.add(key.use.caller.view());
    names.add(key.use.key.view());
    fingerprints.add(key.use.fingerprint);
    auctions.add(key.answer.auction.value());
    sequences.add(key.answer.sequence.value());
  }
  Parameters columns;
  columns.add(operations).add(scopes).add(callers).add(names).add(fingerprints).add(auctions).add(sequences);
  return columns;
}

}  // namespace flashbid::archive
