#include "engine/redis/node.hpp"

#include <fmt/format.h>

#include <utility>

#include "engine/redis/functions.hpp"
#include "engine/redis/library.hpp"
#include "engine/redis/rules_text.hpp"
#include "engine/refusals.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

constexpr unsigned max_calls = 4;  // of one command, as epochs change under it
constexpr unsigned due_at_once = 200;

}  // namespace

// One command on its way, through as many epochs as it takes.
struct Node::Call {
  unsigned shard;
  Build build;
  Answered answered;
  unsigned calls = 0;
  bool in_doubt = false;  // one of them may have been executed: its answer was lost

  void answer(Result<redis::Reply> reply) {
    const bool is_unknown = !reply && in_doubt && reply.error().failure == Failure::unavailable;
    if (is_unknown) reply.error().failure = Failure::outcome_unknown;
    answered(std::move(reply));
  }
};

Node::Node(redis::Client& client, Admission& admission, Options options)
    : client_(client),
      admission_(admission),
      options_(std::move(options)),
      names_{function_name("bid"),        function_name("create"),      function_name("cancel"),
             function_name("tick"),       function_name("view"),        function_name("events"),
             function_name("actions"),    function_name("rejections"),  function_name("list"),
             function_name("reserve_id"), function_name("release_key"), function_name("may_write")},
      losses_(options_.shards),
      replicas_(options_.shards) {
  for (unsigned shard = 0; shard < options_.shards; ++shard) meta_keys_.push_back(redis::meta_key(shard));
}

void Node::call(unsigned shard, Build build, Answered answered) {
  call(std::make_shared<Call>(shard, std::move(build), std::move(answered)));
}

void Node::call(const std::shared_ptr<Call>& call) {
  const Epoch epoch = admission_.epoch(call->shard);
  if (epoch == Epoch{0}) {
    return call->answer(fail(Failure::unavailable, "the shard's Redis is not there yet; try again in a moment"));
  }
  ++call->calls;
  client_.send(meta_keys_[call->shard], call->build(epoch), [this, call](Result<redis::Reply> reply) {
    call->in_doubt = call->in_doubt || (reply && reply->after_lost_answer);
    if (reply && reply->error_code() == "EPOCH") return learn_epoch(call);
    if (reply && reply->error_code() == "NOSHARD") {
      client_.admit_again(meta_keys_[call->shard]);
      return call->answer(fail(Failure::unavailable, fmt::format("Redis has no data of shard {}: it was emptied, and "
                                                                 "has to be restored (flashbid restore)",
                                                                 call->shard)));
    }
    call->answer(std::move(reply));
  });
}

void Node::learn_epoch(const std::shared_ptr<Call>& call) {
  const std::string& key = meta_keys_[call->shard];
  auto meta = redis::Command::of({"HMGET", key, "epoch", "incarnation"}).may_repeat();
  client_.send(key, std::move(meta), [this, call](Result<redis::Reply> reply) {
    const bool is_told = reply && reply->elements().size() == 2;
    const bool adopted = is_told && admission_.adopt(call->shard, Epoch{to_number(reply->elements()[0].text())},
                                                     reply->elements()[1].text());
    if (adopted && call->calls < max_calls) return this->call(call);
    if (is_told && !adopted) client_.admit_again(meta_keys_[call->shard]);
    call->answer(fail(Failure::unavailable, "another Redis has just become the primary; try again in a moment"));
  });
}

void Node::bid(const BidRequest& request, BidDone done) {
  const unsigned shard = shard_of(request.auction);
  auto called_in = std::make_shared<Epoch>();
  auto build = [this, shard, request, called_in](Epoch epoch) {
    *called_in = epoch;
    auto command = redis::function_call(names_.bid, meta_keys_[shard], 5);
    command.add(epoch.value()).add(request.auction.value()).add(request.bid.bidder.view());
    command.add(request.bid.amount.value()).add(request.key.view());
    redis::Command made = command.take();
    made.repeatable = !request.key.empty();
    return made;
  };
  call(shard, std::move(build), [this, request, called_in, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    on_bid_reply(request, *called_in, *reply, done);
  });
}

void Node::on_bid_reply(const BidRequest& request, Epoch epoch, const redis::Reply& reply, BidDone& done) {
  if (reply.is_error()) {
    if (reply.error_code() == "NOTFOUND" && options_.archive != nullptr) {
      return bid_on_archived(request, std::move(done));
    }
    return done(std::unexpected(error_of(reply, request.auction, request.key)));
  }
  const Result<BidReply> read = read_bid_reply_in_full(reply.text(), request.auction, request.bid);
  if (!read) return done(std::unexpected(read.error()));
  const BidAnswer& answer = read->answer;
  if (read->repeated) {
    ++counters_.repeated;
  } else if (answer.verdict == Verdict::accepted) {
    ++counters_.accepted;
  } else {
    ++counters_.rejected_by_reason[static_cast<std::size_t>(answer.reason)];
  }
  if (answer.verdict == Verdict::rejected) return done(answer);
  acknowledge(shard_of(request.auction), {answer, epoch, std::move(done)});
}

void Node::create(CreateRequest request, AuctionDone done) {
  auto shared = std::make_shared<CreateRequest>(std::move(request));
  auto build = [this, shared](Epoch) {
    auto command = redis::function_call(names_.reserve_id, meta_keys_[0], 5);
    command.add(shared->id ? std::to_string(shared->id->value()) : std::string());
    add_key_use(command, shared->key_use);
    command.add((shared->terms->closes_at + effect_kept).ms);
    redis::Command made = command.take();
    made.repeatable = shared->key_use.has_value();
    return made;
  };
  call(0, std::move(build), [this, shared, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    if (reply->is_error()) {
      return done(std::unexpected(error_of(*reply, shared->id.value_or(AuctionId{0}), key_of(shared->key_use))));
    }
    const AuctionId id{number_of(*reply)};
    const bool again = reply->text().ends_with(" again");
    if (options_.archive != nullptr && (again || shared->id)) {
      return create_unless_archived(id, again, std::move(*shared), std::move(done));
    }
    create_under(id, std::move(*shared), std::move(done));
  });
}

void Node::create_under(AuctionId id, CreateRequest request, AuctionDone done) {
  const unsigned shard = shard_of(id);
  auto shared = std::make_shared<CreateRequest>(std::move(request));
  auto build = [this, shard, id, shared](Epoch epoch) {
    const Terms& terms = *shared->terms;
    const auto& use = shared->key_use;
    std::string public_terms;
    encode_public_terms(terms, public_terms);
    auto command = redis::function_call(names_.create, meta_keys_[shard], 10);
    command.add(epoch.value()).add(id.value()).add(public_terms);
    command.add(terms.opens_at.ms).add(terms.closes_at.ms).add(rules_text(terms));
    command.add(encode_secret({terms.reserve, use, shared->by}));
    add_key_use(command, use);
    redis::Command made = command.take();
    made.repeatable = use.has_value();
    return made;
  };
  call(shard, std::move(build), [this, shard, id, shared, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    if (reply->error_code() == "EXISTS") return refuse_creation(*shared, id, auction_is_there(id), std::move(done));
    if (reply->is_error()) return done(std::unexpected(error_of(*reply, id, key_of(shared->key_use))));
    done(view_of(*reply, admission_.epoch(shard)));
  });
}

// Only decisions are remembered: its key may be used for another body.
void Node::refuse_creation(const CreateRequest& request, AuctionId id, Error why, AuctionDone done) {
  if (!request.key_use) return done(std::unexpected(std::move(why)));
  auto build = [this, id, use = request.key_use](Epoch) {
    auto command = redis::function_call(names_.release_key, meta_keys_[0], 4);
    command.add(id.value());
    add_key_use(command, use);
    return command.take().may_repeat();
  };
  call(0, std::move(build), [why = std::move(why), done = std::move(done)](const Result<redis::Reply>&) mutable {
    done(std::unexpected(std::move(why)));
  });
}

void Node::cancel(CancelRequest request, AuctionDone done) {
  const unsigned shard = shard_of(request.auction);
  auto shared = std::make_shared<CancelRequest>(std::move(request));
  auto build = [this, shard, shared](Epoch epoch) {
    const auto& use = shared->key_use;
    auto command = redis::function_call(names_.cancel, meta_keys_[shard], 6);
    command.add(epoch.value()).add(shared->auction.value());
    add_key_use(command, use);
    command.add(encode_secret({std::nullopt, use, shared->by}));
    redis::Command made = command.take();
    made.repeatable = use.has_value();
    return made;
  };
  call(shard, std::move(build), [this, shard, shared, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    if (reply->error_code() == "NOTFOUND" && options_.archive != nullptr) {
      return cancel_archived(*shared, std::move(done));
    }
    if (reply->is_error()) return done(std::unexpected(error_of(*reply, shared->auction, key_of(shared->key_use))));
    done(view_of(*reply, admission_.epoch(shard)));
  });
}

void Node::may_write(unsigned shard, std::move_only_function<void(Result<void>)> done) {
  auto build = [this, shard](Epoch) { return redis::function_call(names_.may_write, meta_keys_[shard], 0).take(); };
  call(shard, std::move(build), [done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    if (reply->is_error()) return done(fail(Failure::unavailable, fmt::format("Redis answers: {}", reply->text())));
    done({});
  });
}

void Node::tick(unsigned shard, std::move_only_function<void(Result<Ticked>)> done) {
  auto build = [this, shard](Epoch epoch) {
    auto command = redis::function_call(names_.tick, meta_keys_[shard], 2);
    command.add(epoch.value()).add(due_at_once);
    return command.take();
  };
  call(shard, std::move(build), [this, shard, done = std::move(done)](Result<redis::Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    const auto words = reply->elements();
    if (reply->is_error() || words.size() != 3) {
      return done(fail(Failure::internal, fmt::format("tick was answered with: {}", reply->text())));
    }
    const auto moment = [](const redis::Reply& word) { return Timestamp{static_cast<std::int64_t>(number_of(word))}; };
    Ticked ticked{std::nullopt, moment(words[2])};
    if (!words[1].text().empty()) ticked.next = moment(words[1]);
    count_losses(shard);  // Redis answers now
    done(ticked);
  });
}

}  // namespace flashbid
