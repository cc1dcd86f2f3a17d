// A house's own accounts as `serve` opens them: their key, their file, their threads. Owned by ServedAccess.
#pragma once

#include <memory>
#include <string>

#include "access/key_set.hpp"
#include "accounts/account_service.hpp"
#include "app/options.hpp"
#include "base/system_clock.hpp"
#include "server/exposition.hpp"

namespace flashbid {

class ServedAccounts {
 public:
  // Failure::invalid with one line that names the flag or the file.
  [[nodiscard]] static Result<std::unique_ptr<ServedAccounts>> open(const ServeOptions& options);

  [[nodiscard]] const access::OwnKey& key() const { return key_; }
  [[nodiscard]] access::Accounts& port() { return *service_; }
  // Any thread.
  void add_metrics(Exposition& out) const;
  void stop() { service_->stop(); }

 private:
  ServedAccounts() = default;

  SystemClock clock_;
  access::OwnKey key_;
  std::unique_ptr<accounts::AccountService> service_;
};

}  // namespace flashbid
