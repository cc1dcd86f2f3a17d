// Certificates for one test, made by openssl in a folder of its own: two authorities, a certificate for 127.0.0.1 and
// localhost, and one for another name.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/assert.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {

class Certificates {
 public:
  Certificates() {
    authority("ca");
    authority("stranger");
    certificate("server", "IP:127.0.0.1,DNS:localhost");
    certificate("other", "DNS:elsewhere.example");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  void authority(const std::string& name) const {
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name + " -keyout " +
            file(name + ".key") + " -out " + file(name + ".pem"));
  }
  // Signed by the first authority: NAME.pem and NAME.key.
  void certificate(const std::string& name, const std::string& names, const std::string& validity = "-days 2") const {
    openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
            " -addext subjectAltName=" + names + " -keyout " + file(name + ".key") + " -out " + file(name + ".csr"));
    openssl("x509 -req -in " + file(name + ".csr") + " -CA " + file("ca.pem") + " -CAkey " + file("ca.key") + " " +
            validity + " -copy_extensions copy -CAcreateserial -out " + file(name + ".pem"));
  }
  // NAME's files take the place of OTHER's at once, as a rename does.
  void replace(const std::string& other, const std::string& name) const {
    for (const char* ending : {".key", ".pem"}) {
      std::filesystem::copy_file(file(name + ending), file("next"));
      std::filesystem::rename(file("next"), file(other + ending));
    }
  }
  void openssl(const std::string& words) const {
    require(std::system(("openssl " + words + " >" + file("log") + " 2>&1").c_str()) == 0, "openssl does it");
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace flashbid::testing
