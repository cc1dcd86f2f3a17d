// A ledger that the engine has written, with one thing in it changed and every checksum right again: only playing it
// again can notice. First each column of each row and each member of each text in it by itself; then, by name, what is
// said of each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "ledger/sqlite/verify.hpp"
#include "support/json_leaves.hpp"
#include "support/temporary_folder.hpp"
#include "support/written_ledger.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;

// Written once; each test has its own copy.
class TamperedLedger : public ::testing::Test {
 protected:
  void SetUp() override {
    static const TemporaryFolder written;
    if (static bool is_written = false; !is_written) {
      write_ledger(written.path());
      is_written = true;
    }
    if (HasFatalFailure()) return;
    std::filesystem::copy(written.path(), folder_.path(), std::filesystem::copy_options::recursive);
  }

  // What `verify` says after the folder's name; empty = consistent.
  std::string said() {
    const auto verified = verify_sqlite_ledger(folder_.path());
    if (verified) return "";
    EXPECT_EQ(verified.error().failure, Failure::corrupt) << verified.error().detail;
    const std::string file = (folder_.path() / "flashbid.db").string() + ": ";
    EXPECT_TRUE(verified.error().detail.starts_with(file)) << verified.error().detail;
    return verified.error().detail.substr(std::min(file.size(), verified.error().detail.size()));
  }

  TemporaryFolder folder_;
};

TEST_F(TamperedLedger, IsConsistentUntilThen) {
  const auto verified = verify_sqlite_ledger(folder_.path());
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->auctions, 7U);
  EXPECT_EQ(verified->events, 24U);
  EXPECT_EQ(verified->unmoved, 9U);
  EXPECT_EQ(verified->answers, 17U);
}

// One more, another last character, another truth, something for nothing.
std::vector<std::string> changed_values(const std::string& value) {
  if (value == "null") return {"1", R"("x")"};
  if (value == "true") return {"false"};
  if (value == "false") return {"true"};
  if (value.starts_with('"')) {
    if (value == R"("")") return {R"("x")"};
    std::string changed = value;
    // A moment's last digit stands before its Z.
    char& last = changed[changed.size() - (value.ends_with("Z\"") && value.size() == 26 ? 3 : 2)];
    last = last == '1' ? '2' : '1';
    return {changed};
  }
  return {std::to_string(std::stoll(value) + 1)};
}

struct Change {
  std::string place;  // table.column, table.column:member
  std::string value;  // of the column, as SQL writes it
};

std::string sql_text(const std::string& text) {
  std::string sql = "'";
  for (const char c : text) sql += c == '\'' ? std::string("''") : std::string(1, c);
  return sql + "'";
}

std::vector<Change> changes_of(const std::string& place, const std::string& value, bool is_text) {
  std::vector<Change> changes;
  if (!is_text) {
    if (value == "NULL") return {{place, "1"}};
    changes.push_back({place, std::to_string(std::stoll(value) + 1)});
    changes.push_back({place, std::to_string(std::stoll(value) - 1)});
    return changes;
  }
  if (!value.starts_with('{')) {
    for (const std::string& changed : changed_values('"' + value + '"')) {
      changes.push_back({place, sql_text(changed.substr(1, changed.size() - 2))});
    }
    return changes;
  }
  const JsonLeaves leaves(value);
  for (const JsonLeaf& leaf : leaves.all()) {
    for (const std::string& changed : changed_values(value.substr(leaf.begin, leaf.end - leaf.begin))) {
      std::string text = value;
      text.replace(leaf.begin, leaf.end - leaf.begin, changed);
      changes.push_back({place + ':' + leaf.path, sql_text(text)});
    }
  }
  return changes;
}

// What nothing else in the file tells of, so that it may be one thing or another: the checksums guard it.
const std::set<std::string>& facts() {
  static const std::set<std::string> all{
      "meta.epoch",          // a start without a bid
      "meta.unsafe",         // how the last start was
      "moved.row",           // where rejections that are forgotten stood
      "events.secret:by",    // who operated
      "answers.key",         // a rejection's: any other would have had the same answer
      "journal.secret:key",  // what is not in history yet has nothing beside it
      "journal.secret:fingerprint",
      "journal.secret:reserve",
  };
  return all;
}

// Of a creation that has not moved: there is no image of its terms yet.
bool is_free(const std::string& place) {
  return facts().contains(place) || place.starts_with("journal.payload:auction.");
}

TEST_F(TamperedLedger, EveryColumnAndEveryMemberIsGuarded) {
  Tamperer tamperer(folder_.path());
  std::set<std::string> free;
  std::size_t found = 0;
  for (const std::string table : {"meta", "journal", "events", "moved", "auctions", "answers", "endings"}) {
    const auto columns = tamperer.columns_of(table);
    std::string listed;
    for (const std::string& column : columns) listed += column + ", typeof(" + column + "), ";
    const auto keys = tamperer.rows("SELECT name FROM pragma_table_info('" + table + "') WHERE pk > 0");
    for (const auto& row : tamperer.rows("SELECT " + listed + "1 FROM " + table)) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const bool is_text = row[2 * i + 1] == "text";
        const auto sql_of = [&](std::size_t column) {
          return row[2 * column + 1] == "text" ? sql_text(row[2 * column]) : row[2 * column];
        };
        for (const Change& change : changes_of(table + '.' + columns[i], row[2 * i], is_text)) {
          // As it is found, and as it is found again to put it right.
          std::string where, where_changed;
          for (const auto& key : keys) {
            const auto at = static_cast<std::size_t>(std::ranges::find(columns, key[0]) - columns.begin());
            const std::string joint = where.empty() ? " WHERE " : " AND ";
            where += joint + key[0] + " = " + sql_of(at);
            where_changed += joint + key[0] + " = " + (at == i ? change.value : sql_of(at));
          }
          const auto set = [&](const std::string& value, const std::string& rows) {
            return tamperer.run("UPDATE " + table + " SET " + columns[i] + " = " + value + rows) &&
                   tamperer.changes() == 1;
          };
          if (!set(change.value, where)) continue;  // the table itself refuses it
          const bool has_checksum = columns.back() == "crc";
          if (has_checksum && columns[i] != "crc") tamperer.restore_checksums(table);
          const std::string why = said();
          if (why.empty()) {
            free.insert(change.place);
            EXPECT_TRUE(is_free(change.place)) << change.place << " of row" << where << " may be " << change.value;
          } else {
            ++found;
            EXPECT_THAT(why, ContainsRegex("auction [0-9]+|^meta: |^the ledger's meta row|journal row [0-9]+|"
                                           "^row [0-9]+ of the order|^the answer to key"))
                << change.place;
          }
          ASSERT_TRUE(set(sql_of(i), where_changed));
          if (has_checksum) tamperer.restore_checksums(table);
        }
      }
    }
  }
  EXPECT_EQ(said(), "");
  EXPECT_GT(found, 700U);
  for (const std::string& fact : facts())
    EXPECT_TRUE(free.contains(fact)) << fact << " is guarded: take it off the list";
}

// What is said, to the letter.
struct Tampering {
  const char* name;
  const char* sql;
  const char* said;
};
class Said : public TamperedLedger, public ::testing::WithParamInterface<Tampering> {};

INSTANTIATE_TEST_SUITE_P(
    Each, Said,
    ::testing::Values(
        // Events, and their hidden parts.
        Tampering{"leader_of_a_bid",
                  "UPDATE events SET payload = replace(payload, '\"leader\":\"Bob\"', '\"leader\":\"Eve\"') "
                  "WHERE auction = 1 AND sequence = 5",
                  R"(auction 1, sequence 5: leader: the rules say "Bob", stored is "Eve")"},
        Tampering{"next_minimum",
                  "UPDATE events SET payload = replace(payload, '\"minimum_next\":11500', '\"minimum_next\":11501') "
                  "WHERE auction = 1 AND sequence = 5",
                  "auction 1, sequence 5: minimum_next: the rules say 11500, stored is 11501"},
        Tampering{"winner",
                  "UPDATE events SET payload = replace(payload, '\"winner\":\"Alice\"', '\"winner\":\"Bob\"') "
                  "WHERE auction = 1 AND sequence = 9",
                  R"(auction 1, sequence 9: winner: the rules say "Alice", stored is "Bob")"},
        Tampering{"sold_below_the_reserve",
                  "UPDATE events SET payload = replace(payload, '\"winner\":null,\"price\":10000,\"sold\":false', "
                  "'\"winner\":\"Bob\",\"price\":10000,\"sold\":true') WHERE auction = 6 AND sequence = 4",
                  R"(auction 6, sequence 4: winner: the rules say null, stored is "Bob")"},
        Tampering{"a_bid_below_the_minimum",
                  "UPDATE events SET payload = replace(payload, '11000', '10100') WHERE auction = 1 AND sequence = 5",
                  "auction 1, sequence 5: bid_accepted (of Bob, 10100) at this moment is against the rules: "
                  "amount_below_minimum"},
        Tampering{"another_number", "UPDATE events SET event = 4 WHERE auction = 1 AND sequence = 5",
                  "auction 1, sequence 5: event: its number is 3, stored is 4"},
        Tampering{"terms_that_nobody_may_have",
                  "UPDATE events SET payload = replace(payload, '\"title\":\"A lot\"', '\"title\":\"\"') "
                  "WHERE auction = 1 AND sequence = 1",
                  "auction 1, sequence 1: title is not empty"},
        Tampering{"another_title",
                  "UPDATE events SET payload = replace(payload, '\"title\":\"A lot\"', '\"title\":\"A pot\"') "
                  "WHERE auction = 1 AND sequence = 1",
                  R"(auction 1, sequence 9: image: terms.title: its events say "A pot", stored is "A lot")"},
        Tampering{"a_bids_key_of_another",
                  "UPDATE events SET secret = replace(secret, '\"caller\":\"Alice\"', '\"caller\":\"Bob\"') "
                  "WHERE auction = 1 AND sequence = 3",
                  "auction 1, sequence 3: secret: caller: the bidder is Alice, stored is Bob"},
        Tampering{"a_bids_key_for_another_amount",
                  "UPDATE events SET secret = replace(secret, '\"10000\"', '\"10001\"') "
                  "WHERE auction = 1 AND sequence = 3",
                  "auction 1, sequence 3: secret: fingerprint: the bid's amount is 10000, stored is 10001"},
        Tampering{"a_bids_key_for_a_creation",
                  "UPDATE events SET secret = replace(secret, '\"bid\"', '\"create\"') "
                  "WHERE auction = 1 AND sequence = 3",
                  "auction 1, sequence 3: secret: operation: the key was used for another one than the event's"},
        Tampering{"a_close_with_a_key",
                  "UPDATE events SET secret = (SELECT secret FROM events WHERE auction = 1 AND sequence = 3) "
                  "WHERE auction = 1 AND sequence = 9",
                  "auction 1, sequence 9: secret: key: this is the effect of no command"},
        Tampering{"a_bid_with_an_operator",
                  "UPDATE events SET secret = '{\"by\":\"boss\"}' WHERE auction = 1 AND sequence = 5",
                  "auction 1, sequence 5: secret: by: this is no operator's action"},
        Tampering{"a_bid_with_a_reserve",
                  "UPDATE events SET secret = '{\"reserve\":5}' WHERE auction = 1 AND sequence = 5",
                  "auction 1, sequence 5: secret: reserve: only a creation has one"},
        Tampering{"two_operators_of_one_action",
                  "UPDATE events SET secret = replace(secret, '\"by\":\"boss\"', '\"by\":\"chef\"') "
                  "WHERE auction = 2 AND sequence = 4",
                  "auction 2, sequence 4: secret: caller: the operator is chef, stored is boss"},
        Tampering{
            "a_moment_before_a_rejection_that_did_not_know",
            "UPDATE events SET at = at - 11, payload = replace(payload, '00.070Z\"}', '00.059Z\"}') "
            "WHERE auction = 1 AND sequence IN (5, 6); UPDATE events SET payload = "
            "replace(payload, '08:05:00.070Z', '08:05:00.059Z') WHERE auction = 1 AND sequence IN (6, 7)",
            "auction 1, sequence 5: key high of Bob was rejected at 2027-01-15T08:00:00.060Z, on the event before it; "
            "it is earlier, of 2027-01-15T08:00:00.059Z"},
        Tampering{"an_epoch_to_come", "UPDATE meta SET epoch = 0",
                  "auction 1, sequence 1: epoch: 1 is above the ledger's, 0"},
        // Images.
        Tampering{
            "leader_of_an_image",
            "UPDATE auctions SET image = replace(image, '\"leader\":\"Alice\"', '\"leader\":\"Bob\"') WHERE id = 1",
            R"(auction 1, sequence 9: image: leader: its events say "Alice", stored is "Bob")"},
        Tampering{"state_beside_an_image", "UPDATE auctions SET state = 1 WHERE id = 1",
                  "auction 1, sequence 9: image: column state: its events say 2, stored is 1"},
        Tampering{"sequence_beside_an_image", "UPDATE auctions SET sequence = 8 WHERE id = 1",
                  "auction 1, sequence 9: image: column sequence: its events say 9, stored is 8"},
        Tampering{
            "an_image_of_nothing",
            "INSERT INTO auctions SELECT 9, state, sequence, replace(image, '\"id\":1', '\"id\":9'), 0 FROM auctions "
            "WHERE id = 1",
            "auction 9, sequence 9: it has an image and no events"},
        // Answers.
        Tampering{"reason", "UPDATE answers SET answer = replace(answer, 'own_auction', 'closed') WHERE key = 'own'",
                  R"(key own of Sam in auction 1: reason: the rules say "own_auction", stored is "closed")"},
        Tampering{
            "price_of_an_answer",
            "UPDATE answers SET answer = replace(answer, '\"price\":10000', '\"price\":10001') WHERE key = 'again'",
            "key again of Alice in auction 1: price: the rules say 10000, stored is 10001"},
        Tampering{"end_of_an_answer",
                  "UPDATE answers SET answer = replace(answer, '08:05:00.040Z', '08:05:00.000Z') WHERE key = 'again'",
                  R"(key again of Alice in auction 1: closes_at: the rules say "2027-01-15T08:05:00.040Z", )"
                  R"(stored is "2027-01-15T08:05:00.000Z")"},
        Tampering{
            "a_rejection_of_what_is_accepted",
            "UPDATE answers SET answer = replace(answer, '9999', '10000'), fingerprint = '10000' WHERE key = 'low'",
            "key low of Alice in auction 1: the rules accept this bid"},
        Tampering{"a_rejection_on_the_middle",
                  "UPDATE answers SET answer = replace(answer, '\"as_of_sequence\":4', '\"as_of_sequence\":3') "
                  "WHERE key = 'again'",
                  "key again of Alice in auction 1: as_of_sequence: it rests on the middle of a decision"},
        Tampering{"a_rejection_on_an_old_state",
                  "UPDATE answers SET answer = replace(answer, '\"as_of_sequence\":9', '\"as_of_sequence\":8') "
                  "WHERE key = 'late' AND auction = 1",
                  "key late of Bob in auction 1: it does not rest on closed, which was due"},
        Tampering{"a_rejection_on_what_is_not_there",
                  "UPDATE answers SET answer = replace(answer, '\"as_of_sequence\":9', '\"as_of_sequence\":10') "
                  "WHERE key = 'late' AND auction = 1",
                  "key late of Bob in auction 1: as_of_sequence: it rests on event 10, which is not there"},
        Tampering{
            "a_rejection_before_what_it_rests_on",
            "UPDATE answers SET expires = expires - 11, answer = replace(answer, '00.050Z\"}', '00.039Z\"}') "
            "WHERE key = 'again'",
            "key again of Alice in auction 1: decided_at: 2027-01-15T08:00:00.039Z is earlier than the event that it "
            "rests on, of 2027-01-15T08:00:00.040Z"},
        Tampering{"an_expiry", "UPDATE answers SET expires = expires + 1 WHERE key = 'own'",
                  "key own of Sam in auction 1: expires: ten minutes after its answer is 1800000600020, "
                  "stored is 1800000600021"},
        Tampering{
            "no_expiry", "UPDATE answers SET expires = NULL WHERE key = 'own'",
            "key own of Sam in auction 1: expires: ten minutes after its answer is 1800000600020, stored is nothing"},
        Tampering{"an_expiry_of_an_effect", "UPDATE answers SET expires = 5 WHERE key = 'a2'",
                  "key a2 of Alice in auction 1: expires: that of event 7 does not by itself"},
        Tampering{"a_text_of_an_effect", "UPDATE answers SET answer = '{}' WHERE key = 'a2'",
                  "key a2 of Alice in auction 1: answer: it follows from event 7, stored is {}"},
        Tampering{"fingerprint_of_an_effect", "UPDATE answers SET fingerprint = '12001' WHERE key = 'a2'",
                  "key a2 of Alice in auction 1: fingerprint: event 7 says 12000, stored is 12001"},
        Tampering{"scope_of_an_effect", "UPDATE answers SET scope = 2 WHERE key = 'a2'",
                  "key a2 of Alice in auction 1: scope: event 7 says 1, stored is 2"},
        Tampering{"fingerprint_of_a_rejection", "UPDATE answers SET fingerprint = '1' WHERE key = 'low'",
                  "key low of Alice in auction 1: fingerprint: its answer is to 9999, stored is 1"},
        Tampering{"caller_of_a_rejection", "UPDATE answers SET caller = 'Bob' WHERE key = 'low'",
                  "key low of Bob in auction 1: caller: its answer is to Alice, stored is Bob"},
        Tampering{"scope_of_a_rejection", "UPDATE answers SET scope = 2 WHERE key = 'low'",
                  "key low of Alice in auction 1: scope: its auction is 1, stored is 2"},
        Tampering{"operation_of_a_rejection", "UPDATE answers SET operation = 3 WHERE key = 'low'",
                  "key low of Alice in auction 1: operation: what is rejected is a bid"},
        Tampering{"auction_of_a_rejection", "UPDATE answers SET auction = 2, scope = 2 WHERE key = 'low'",
                  "key low of Alice in auction 2: auction: its answer says 1, stored is 2"},
        Tampering{"the_key_of_another_event", "UPDATE answers SET sequence = 3 WHERE key = 'a2'",
                  "key a2 of Alice in auction 1: event 3 has key a1 of Alice"},
        Tampering{"the_key_of_an_event_without", "UPDATE answers SET sequence = 5 WHERE key = 'a2'",
                  "key a2 of Alice in auction 1: event 5 has no key"},
        Tampering{"the_key_of_an_event_to_come", "UPDATE answers SET sequence = 10 WHERE key = 'a2'",
                  "key a2 of Alice in auction 1: event 10 is missing"},
        Tampering{"a_key_that_is_gone", "DELETE FROM answers WHERE key = 'a1' AND auction = 4",
                  "auction 4, sequence 3: its key is not remembered"},
        Tampering{"a_key_that_is_gone_too_early", "DELETE FROM answers WHERE key = 'b1' AND auction = 6",
                  "auction 6, sequence 3: its key is not remembered"},
        // Ends, the order of history, and what sums up.
        Tampering{"another_end", "UPDATE endings SET at = at + 1 WHERE auction = 1",
                  "auction 1, sequence 9: endings: at: its last event is of 2027-01-15T08:08:00.130Z, "
                  "stored is 2027-01-15T08:08:00.131Z"},
        Tampering{"no_end", "DELETE FROM endings WHERE auction = 1",
                  "auction 1, sequence 9: it is over, `endings` has it not, and it has keys"},
        Tampering{"an_end_of_what_goes_on", "INSERT INTO endings VALUES (1800000000000, 4)",
                  "auction 4, sequence 3: `endings` has it, and it is not over"},
        Tampering{"two_ends", "INSERT INTO endings SELECT at + 1, auction FROM endings WHERE auction = 1",
                  "auction 1, sequence 9: `endings` has it twice"},
        Tampering{"no_place", "DELETE FROM moved WHERE auction = 1 AND sequence = 5",
                  "auction 1, sequence 5: the order of history does not name it"},
        Tampering{"a_place_of_nothing", "UPDATE moved SET sequence = 7 WHERE auction = 2 AND sequence = 4",
                  "auction 2, sequence 4: the order of history does not name it"},
        Tampering{"two_places",
                  "INSERT INTO moved SELECT 1000, auction, sequence FROM moved WHERE auction = 1 AND sequence = 5",
                  "row 1000 of the order of history names event 5 of auction 1, which has another row"},
        Tampering{"a_place_too_many", "INSERT INTO moved VALUES (1000, 1, 10)",
                  "row 1000 of the order of history names event 10 of auction 1, which is not there"},
        Tampering{"a_place_to_come", "UPDATE moved SET row = 1000 WHERE auction = 1 AND sequence = 9",
                  "auction 1, sequence 9: in the order of history it is row 1000, and rows up to 33 have moved"},
        Tampering{"places_out_of_order", "UPDATE moved SET row = -row WHERE auction = 2 AND sequence = 4",
                  "auction 2, sequence 4: in the order of history it is row -24, and the event before it is row 23"},
        Tampering{"the_last_moment", "UPDATE meta SET last_at = last_at + 1",
                  "meta: last_at: history says 2027-01-15T08:08:00.150Z, stored is 2027-01-15T08:08:00.151Z"},
        Tampering{"the_last_auction", "UPDATE meta SET last_auction = 8",
                  "meta: last_auction: history says 7, stored is 8"},
        Tampering{"what_has_moved", "UPDATE meta SET moved_through = moved_through - 1",
                  "journal row 34 follows row 32"},
        Tampering{"an_index",
                  "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                  "'CREATE INDEX auctions_by_state ON auctions(id, state)' WHERE name = 'auctions_by_state'",
                  "SQLite finds its file damaged: row 1 missing from index auctions_by_state"},
        // The journal.
        Tampering{"a_bid_in_the_journal",
                  "UPDATE journal SET payload = replace(payload, '\"minimum_next\":10500', '\"minimum_next\":10501') "
                  "WHERE auction = 5 AND sequence = 3",
                  "auction 5, sequence 3: minimum_next: the rules say 10500, stored is 10501"},
        Tampering{"an_answer_in_the_journal",
                  "UPDATE journal SET payload = replace(payload, '\"leader\":\"Alice\"', '\"leader\":null') "
                  "WHERE auction = 5 AND kind = 2",
                  R"(key b1 of Bob in auction 5: leader: the rules say "Alice", stored is null)"},
        Tampering{"an_old_answer_in_the_journal",
                  "UPDATE journal SET payload = replace(payload, '\"as_of_sequence\":4', '\"as_of_sequence\":2') "
                  "WHERE auction = 5 AND kind = 2",
                  "key b1 of Bob in auction 5: as_of_sequence: it rests on event 2, where the auction was at event 4"},
        Tampering{
            "a_key_of_an_answer_with_more",
            "UPDATE journal SET secret = replace(secret, '{', '{\"by\":\"boss\",') WHERE auction = 5 AND kind = 2",
            R"(key b1 of Bob in auction 5: secret: operation: it is written as "bid", stored is "by":"boss")"},
        Tampering{"a_key_used_twice_in_the_journal",
                  "UPDATE journal SET secret = replace(replace(secret, '\"b1\"', '\"a1\"'), 'Bob', 'Alice'), "
                  "payload = replace(replace(payload, '\"bidder\":\"Bob\"', '\"bidder\":\"Alice\"'), "
                  "'amount_below_minimum', 'already_leading') WHERE auction = 5 AND kind = 2",
                  "key a1 of Alice in auction 5: journal row 38 uses it again, after journal row 36"},
        Tampering{"a_key_used_again_after_history",
                  "UPDATE journal SET secret = replace(secret, '\"c5\"', '\"c2\"') WHERE auction = 5 AND sequence = 1",
                  "key c2 of boss in auction 5: journal row 34 uses it again, after event 1"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_P(Said, ToTheLetter) {
  {
    Tamperer tamperer(folder_.path());
    ASSERT_TRUE(tamperer.run(GetParam().sql));
    for (const char* table : {"meta", "journal", "events", "auctions", "answers"}) tamperer.restore_checksums(table);
  }
  EXPECT_EQ(said(), GetParam().said);
}

}  // namespace
}  // namespace flashbid::testing
