// SPDX-License-Identifier: Apache-2.0
#include "service/results/result_signer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "service/results/ear.h"
#include "service/support/file.h"
#include "service/support/randomness.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxKeyFile = 16'384;
constexpr std::string_view kLabel = "EC PRIVATE KEY";

Error Failure(const std::string& path, std::string_view why) {
  return {ErrorKind::kInternal, Check::kStoreIo, StrCat("result key ", path, ": ", why)};
}

EcSigningKey MakeKey() {
  while (true) {  // one number in 2^32 is not in the range
    if (auto key = EcSigningKey::FromScalar(RandomBytes(32))) return *std::move(key);
  }
}

Status WriteNew(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return Failure(path, std::strerror(errno));
  const ssize_t written = ::write(file, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (whole) return {};
  ::unlink(path.c_str());  // half a key is none
  return Failure(path, std::strerror(error));
}

// Others must not be able to read it: whoever can may sign in our name.
Status CheckOwnersAlone(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return Failure(path, std::strerror(errno));
  if ((found.st_mode & 0077) != 0) return Failure(path, "others may read it: chmod 600");
  return {};
}

}  // namespace

Result<ResultSigner> ResultSigner::AtFile(const std::string& path) {
  TRY_ASSIGN(const auto text, ReadFileIfThere(path, kMaxKeyFile));
  if (!text) {
    EcSigningKey key = MakeKey();
    TRY(WriteNew(path, EncodePem(key.ToDer(), kLabel)));
    return ResultSigner(std::move(key));
  }
  TRY(CheckOwnersAlone(path));
  for (const std::string_view label : {kLabel, std::string_view("PRIVATE KEY")}) {
    const auto ders = DecodePem(*text, label, 1, Check::kStoreIo);
    if (!ders.ok() || ders->size() != 1) continue;
    if (auto key = EcSigningKey::FromDer(ders->front())) return ResultSigner(*std::move(key));
  }
  return Failure(path, "not a P-256 key in PEM");
}

ResultSigner ResultSigner::InMemory() { return ResultSigner(MakeKey()); }

Result<std::string> ResultSigner::Sign(const ResultView& result, Instant now,
                                       const std::optional<std::string>& nonce) const {
  return SignJwt(key_, EarClaims(result, {now, HexLower(RandomBytes(16)), nonce}));
}

}  // namespace thimble
