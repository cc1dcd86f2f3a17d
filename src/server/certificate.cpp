#include "server/certificate.hpp"

#include <fmt/chrono.h>
#include <openssl/asn1.h>
#include <openssl/x509v3.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cstdint>
#include <utility>

namespace flashbid {
namespace {

std::time_t not_after_of(const SSL_CTX& context) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(&context)), &parts) != 1) return 0;
  return ::timegm(&parts);
}

std::string expired_since(std::time_t not_after) {
  return fmt::format("the TLS certificate expired at {:%Y-%m-%dT%H:%M:%SZ}: clients refuse it", fmt::gmtime(not_after));
}

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

Certificate::Stamp Certificate::stamp_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {.is_there = true,
          .device = found.st_dev,
          .inode = found.st_ino,
          .size = found.st_size,
          .modified_ns = nanoseconds(found.st_mtim),
          .changed_ns = nanoseconds(found.st_ctim)};
}

Certificate::Stamps Certificate::stamps_of(const CertificateFiles& files) {
  return {stamp_of(files.certificate), stamp_of(files.key)};
}

Result<std::shared_ptr<const Certificate>> Certificate::load(CertificateFiles files,
                                                             std::chrono::milliseconds look_every) {
  // Before the files are read: a change while they are is seen later.
  const Stamps stamps = stamps_of(files);
  Result<TlsContext> context = make_tls_context(files);
  if (!context) return std::unexpected(context.error());
  const std::shared_ptr<Certificate> made(new Certificate(std::move(files), stamps, std::move(*context)));
  made->watcher_ =
      std::jthread([raw = made.get(), look_every](const std::stop_token& ends) { raw->watch(ends, look_every); });
  return made;
}

Certificate::Certificate(CertificateFiles files, Stamps loaded, TlsContext context)
    : files_(std::move(files)), tried_(loaded) {
  use(std::move(context));
}

Certificate::~Certificate() = default;

void Certificate::use(TlsContext context) {
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
  not_after_ = not_after_of(*context_);
  refused_.clear();
  if (not_after_ < std::time(nullptr)) spdlog::warn("{}", expired_since(not_after_));
}

void Certificate::watch(const std::stop_token& ends, std::chrono::milliseconds look_every) {
  Stamps last = tried_;
  while (!ends.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      (void)ending_.wait_for(lock, ends, look_every, [] { return false; });
    }
    if (ends.stop_requested()) return;
    const Stamps now = stamps_of(files_);
    const bool is_settled = now == std::exchange(last, now);
    if (now == tried_ || !is_settled) continue;
    tried_ = now;
    reload();
  }
}

void Certificate::reload() {
  Result<TlsContext> context = make_tls_context(files_);
  if (context) {
    use(std::move(*context));
    spdlog::info("the TLS certificate was loaded anew from {}", files_.certificate);
    return;
  }
  spdlog::warn("the new TLS certificate is not used, the old one stays: {}", context.error().detail);
  const std::lock_guard lock(mutex_);
  // Anybody may ask /readyz, and why it is so names files of this machine.
  refused_ = "the new TLS certificate is not used, the old one stays; the log says why";
}

TlsContext Certificate::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

bool Certificate::names(const std::string& host) const {
  const TlsContext held = context();
  X509* const certificate = SSL_CTX_get0_certificate(held.get());
  return X509_check_host(certificate, host.c_str(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

void Certificate::add_degraded(std::vector<std::string>& degraded) const {
  const std::lock_guard lock(mutex_);
  if (!refused_.empty()) degraded.push_back(refused_);
  if (not_after_ < std::time(nullptr)) degraded.push_back(expired_since(not_after_));
}

void Certificate::add_metrics(Exposition& out) const {
  const std::lock_guard lock(mutex_);
  out.gauge("flashbid_tls_certificate_not_after_seconds", "When the TLS certificate in use expires, in Unix time");
  out.sample(static_cast<std::uint64_t>(not_after_));
  out.gauge("flashbid_tls_certificate_refused", "1 if newer certificate files are there and cannot be used");
  out.sample(std::uint64_t{!refused_.empty()});
}

}  // namespace flashbid
