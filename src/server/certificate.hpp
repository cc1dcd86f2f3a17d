// The server's certificate and key: read at the start, and again whenever the files have changed. New connections get
// the new one, open ones keep theirs; a new pair that cannot be used is warned of and the old one stays. Owns a thread
// that looks at the files; all else may be called from any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "server/exposition.hpp"
#include "server/tls_context.hpp"

namespace flashbid {

class Certificate {
 public:
  // Failure::invalid as make_tls_context() has it. An expired one is warned of. The files are looked at every
  // `look_every`, and a change is taken up once they have stayed the same for as long: two files are not replaced at
  // once.
  [[nodiscard]] static Result<std::shared_ptr<const Certificate>> load(
      CertificateFiles files, std::chrono::milliseconds look_every = std::chrono::seconds{1});
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  // For a new connection.
  [[nodiscard]] TlsContext context() const;
  // Whether the certificate is for `host`: a name, or an address without brackets.
  [[nodiscard]] bool names(const std::string& host) const;

  // What is wrong with it, in sentences.
  void add_degraded(std::vector<std::string>& degraded) const;
  void add_metrics(Exposition& out) const;

 private:
  // What tells that a file is another one.
  struct Stamp {
    bool is_there = false;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Stamps {
    Stamp certificate;
    Stamp key;
    bool operator==(const Stamps&) const = default;
  };

  Certificate(CertificateFiles files, Stamps loaded, TlsContext context);

  [[nodiscard]] static Stamp stamp_of(const std::string& path);
  [[nodiscard]] static Stamps stamps_of(const CertificateFiles& files);
  void watch(const std::stop_token& ends, std::chrono::milliseconds look_every);
  void reload();
  void use(TlsContext context);

  const CertificateFiles files_;
  Stamps tried_;  // the watching thread's: of the files that were last loaded, or could not be

  mutable std::mutex mutex_;  // guards the three below
  std::condition_variable_any ending_;
  TlsContext context_;
  std::time_t not_after_ = 0;
  std::string refused_;  // that the newest files are not used; empty if they are

  std::jthread watcher_;
};

}  // namespace flashbid
