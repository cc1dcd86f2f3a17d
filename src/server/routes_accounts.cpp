// /v1/accounts and /v1/sessions: a house's own accounts, through their port.
#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "server/loop_server.hpp"
#include "server/routes.hpp"
#include "wire/decode.hpp"

namespace flashbid::routes {
namespace {

using access::AccountFault;
using access::AccountResult;

// Secrets stay out of caches (RFC 6749, section 5.1).
constexpr std::string_view no_store = "Cache-Control: no-store\r\n";

ErrorCode code_of(AccountFault fault) {
  switch (fault) {
    case AccountFault::invalid:
      return ErrorCode::invalid_value;
    case AccountFault::exists:
      return ErrorCode::account_exists;
    case AccountFault::closed:
      return ErrorCode::forbidden;
    case AccountFault::unauthenticated:
      return ErrorCode::unauthenticated;
    case AccountFault::throttled:
      return ErrorCode::rate_limited;
    case AccountFault::unavailable:
      return ErrorCode::unavailable;
    case AccountFault::internal:
      break;
  }
  return ErrorCode::internal;
}

void refuse(Reply& reply, const access::AccountRefusal& refusal) {
  reply.refuse({code_of(refusal.fault), refusal.detail, refusal.retry_after_s});
}

access::AccountCaller caller_of(const Asker& asker, const Reply& reply) {
  return {&reply.server().loop(), asker.address};
}

access::Accounts& accounts_of(const Reply& reply) { return *reply.server().access().accounts(); }

access::Credentials credentials_of(CredentialsBody body) { return {std::move(body.name), std::move(body.password)}; }

void send_session(Reply& reply, int status, const AccountResult<access::NewSession>& session) {
  if (!session) return refuse(reply, session.error());
  std::string& body = reply.server().scratch();
  fmt::format_to(std::back_inserter(body),
                 R"({{"access_token":"{}","token_type":"Bearer","expires_in":{},"refresh_token":"{}"}})",
                 session->access_token, session->lifetime.ms / 1'000, session->refresh_token);
  reply.send(status, json_type, body, no_store);
}

void send_done(Reply& reply, const AccountResult<void>& done) {
  if (!done) return refuse(reply, done.error());
  reply.send(204, {}, {});
}

}  // namespace

void sign_up(const Asker& asker, const HttpRequest& request, Reply reply) {
  auto body = decode_credentials(request.body);
  if (!body) return reply.refuse(body.error());
  const auto caller = caller_of(asker, reply);
  accounts_of(reply).sign_up(credentials_of(std::move(*body)), caller,
                             [reply = std::move(reply)](const AccountResult<access::NewAccount>& made) mutable {
                               if (!made) return refuse(reply, made.error());
                               std::string& answer = reply.server().scratch();
                               fmt::format_to(std::back_inserter(answer), R"({{"name":"{}","role":"{}"}})",
                                              made->name.view(), name_of(made->role));
                               reply.send(201, json_type, answer);
                             });
}

void log_in(const Asker& asker, const HttpRequest& request, Reply reply) {
  auto body = decode_credentials(request.body);
  if (!body) return reply.refuse(body.error());
  const auto caller = caller_of(asker, reply);
  accounts_of(reply).log_in(
      credentials_of(std::move(*body)), caller,
      [reply = std::move(reply)](const auto& session) mutable { send_session(reply, 201, session); });
}

void refresh_session(const Asker& asker, const HttpRequest& request, Reply reply) {
  auto token = decode_refresh_token(request.body);
  if (!token) return reply.refuse(token.error());
  const auto caller = caller_of(asker, reply);
  accounts_of(reply).refresh(std::move(*token), caller, [reply = std::move(reply)](const auto& session) mutable {
    send_session(reply, 200, session);
  });
}

void log_out(const Asker& asker, const HttpRequest& request, Reply reply) {
  auto token = decode_refresh_token(request.body);
  if (!token) return reply.refuse(token.error());
  const auto caller = caller_of(asker, reply);
  accounts_of(reply).log_out(std::move(*token), caller,
                             [reply = std::move(reply)](const auto& done) mutable { send_done(reply, done); });
}

void change_password(const Asker& asker, const HttpRequest& request, Reply reply) {
  auto body = decode_password_change(request.body);
  if (!body) return reply.refuse(body.error());
  const auto caller = caller_of(asker, reply);
  accounts_of(reply).change_password(credentials_of(std::move(body->credentials)), std::move(body->new_password),
                                     caller,
                                     [reply = std::move(reply)](const auto& done) mutable { send_done(reply, done); });
}

}  // namespace flashbid::routes
