#include "archive/verify.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/system_clock.hpp"
#include "ledger/replay.hpp"

namespace flashbid {
namespace {

constexpr std::size_t page = 1'000;
// Between this machine and the one whose relay forgets.
constexpr Duration clocks_differ{60'000};

std::unexpected<Error> about(AuctionId id, std::string_view why) {
  return fail(Failure::corrupt, fmt::format("auction {}: {}", id.value(), why));
}

std::unexpected<Error> about(AuctionId id, Sequence sequence, std::string_view why) {
  return fail(Failure::corrupt, fmt::format("auction {}, sequence {}: {}", id.value(), sequence.value(), why));
}

class ArchiveVerifier {
 public:
  explicit ArchiveVerifier(ArchiveReader& archive) : archive_(archive) {}

  Result<VerifiedArchive> run() {
    const auto origin = archive_.origin();
    if (!origin) return std::unexpected(origin.error());
    if (*origin) shards_ = (*origin)->shards;
    for (const auto check : {&ArchiveVerifier::play_all, &ArchiveVerifier::check_images, &ArchiveVerifier::check_keys,
                             &ArchiveVerifier::check_endings}) {
      if (auto checked = (this->*check)(); !checked) return std::unexpected(std::move(checked.error()));
    }
    return verified_;
  }

 private:
  Result<void> play_all() {
    for (AuctionId auction;;) {
      const auto events = archive_.rows(auction, last_.sequence, page, false);
      if (!events) return std::unexpected(events.error());
      for (const ArchivedEvent& event : *events) {
        if (!replay_ || event.record.auction != auction) {
          if (auto ended = end_auction(); !ended) return ended;
          auction = event.record.auction;
          replay_.emplace(auction);
        }
        if (auto played = play(event); !played) return played;
      }
      const bool is_end = events->size() < page;
      if (is_end) {
        if (auto ended = end_auction(); !ended) return ended;
      }
      if (auto compared = compare_keys(); !compared) return compared;
      if (is_end) return {};
    }
  }

  Result<void> play(const ArchivedEvent& stored) {
    const Record& record = stored.record;
    if (auto played = replay_->play(record); !played) return played;
    auto step = read_step(record);
    if (!step) return std::unexpected(std::move(step.error()));
    if (stored.epoch != replay_->epoch() || stored.event != step->event->body.index() + 1) {
      return about(record.auction, record.sequence, "the columns epoch and event differ from its payload");
    }
    if (step->key) keys_.push_back(std::move(*step->key));
    last_ = {record.auction, record.sequence, record.at};
    ++verified_.events;
    return {};
  }

  // The keys of what was played are remembered with their answers.
  Result<void> compare_keys() {
    if (keys_.empty()) return {};
    const auto forgotten = archive_.first_forgotten(keys_);
    if (!forgotten) return std::unexpected(forgotten.error());
    if (*forgotten) {
      const StoredAnswer& answer = keys_[**forgotten].answer;
      return about(answer.auction, answer.sequence, "its key is not remembered with its answer");
    }
    keys_.clear();
    return {};
  }

  // Its image is the state after its events; what has been stored since they were read is played too.
  Result<void> end_auction() {
    if (!replay_) return {};
    const AuctionId id = last_.auction;
    const auto image = archive_.archived(id);
    if (!image) return std::unexpected(image.error());
    if (!*image) return about(id, "it has events and no image");
    if (auto checked = check_columns(id, **image); !checked) return checked;
    if (auto played = play_rest(id); !played) return played;
    const Auction& state = replay_->auction();
    if (state.sequence < (*image)->sequence) return about(id, "its image is ahead of its events");
    if (!fits(**image)) {
      const auto again = archive_.archived(id);  // a relay may have stored meanwhile
      if (!again) return std::unexpected(again.error());
      const bool moved = *again && (fits(**again) || (*again)->sequence > (*image)->sequence);
      if (!moved) return about(id, "its image, or its epoch, is not that after its events");
    }
    ++verified_.auctions;
    if (!is_over(state.state) || last_.at < clock_.now() - effect_kept + clocks_differ) return {};
    const auto remembered = archive_.has_ending(id, last_.at);
    if (!remembered) return std::unexpected(remembered.error());
    if (!*remembered) return about(id, "it is not among those that ended within a day");
    return {};
  }

  [[nodiscard]] bool fits(const ArchivedAuction& image) const {
    return image.auction == replay_->auction() && image.epoch == replay_->epoch();
  }

  [[nodiscard]] Result<void> check_columns(AuctionId id, const ArchivedAuction& stored) const {
    const Auction& image = stored.auction;
    const bool same =
        image.id == id && stored.sequence == image.sequence && stored.state == static_cast<std::uint64_t>(image.state);
    if (!same) return about(id, "its columns differ from its image");
    if (shards_ == 0 || stored.shard == id.value() % shards_) return {};
    return about(id, fmt::format("it is in shard {}", stored.shard));
  }

  Result<void> play_rest(AuctionId id) {
    for (;;) {
      const auto events = archive_.rows(id, last_.sequence, page, true);
      if (!events) return std::unexpected(events.error());
      for (const ArchivedEvent& event : *events) {
        if (auto played = play(event); !played) return played;
      }
      if (events->size() < page) return {};
    }
  }

  Result<void> check_images() {
    const auto images = archive_.count_images_without_events();
    if (!images) return std::unexpected(images.error());
    if (*images == 0) return {};
    return fail(Failure::corrupt, fmt::format("{} auctions have an image and no events", *images));
  }

  // Every key that is remembered is that of the event it names.
  Result<void> check_keys() {
    for (RememberedKey after;;) {
      const auto keys = archive_.remembered(after, page);
      if (!keys) return std::unexpected(keys.error());
      for (const ArchivedKey& each : *keys) {
        after = each.key;
        const auto secret = decode_secret(each.secret);
        if (!secret) return std::unexpected(secret.error());
        if (secret->key_use != after.use || after.scope != key_scope(after.use.operation, after.answer.auction)) {
          return about(after.answer.auction, after.answer.sequence, "a key is remembered that it did not have");
        }
      }
      if (keys->size() < page) return {};
    }
  }

  Result<void> check_endings() {
    const auto wrong = archive_.wrong_ending();
    if (!wrong) return std::unexpected(wrong.error());
    if (*wrong) return about(**wrong, "it is remembered as over at a moment when it was not");
    return {};
  }

  struct Place {
    AuctionId auction;
    Sequence sequence;
    Timestamp at;
  };

  ArchiveReader& archive_;
  SystemClock clock_;
  std::uint64_t shards_ = 0;  // 0 = the archive does not say
  VerifiedArchive verified_;
  std::optional<Replay> replay_;     // of last_.auction
  Place last_;                       // event played
  std::vector<RememberedKey> keys_;  // of events played, not yet compared
};

}  // namespace

Result<VerifiedArchive> verify_archive(ArchiveReader& archive) { return ArchiveVerifier(archive).run(); }

Result<ArchiveComparison> ArchiveComparison::begin(ArchiveReader& archive) {
  ArchiveComparison comparison(archive);
  for (ListQuery query{.state = std::nullopt, .after = {}, .limit = page};;) {
    const auto images = archive.list(query);
    if (!images) return std::unexpected(images.error());
    for (const Auction& image : *images) {
      comparison.unseen_.emplace(image.id, image.sequence);
      query.after = image.id;
    }
    if (images->size() < page) return comparison;
  }
}

Result<std::optional<std::size_t>> ArchiveComparison::add(std::span<const Record> records) {
  for (const Record& record : records) {
    const auto unseen = unseen_.find(record.auction);
    if (unseen != unseen_.end() && unseen->second <= record.sequence) unseen_.erase(unseen);
  }
  return archive_.first_missing(records);
}

Result<void> ArchiveComparison::end() const {
  if (unseen_.empty()) return {};
  const auto& [auction, sequence] = *unseen_.begin();
  return about(auction, sequence, "the archive has it, the ledger has not");
}

}  // namespace flashbid
