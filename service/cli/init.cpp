// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <filesystem>

#include "service/cli/commands.h"
#include "service/cli/local_ca.h"
#include "service/http/roles.h"
#include "service/support/clock.h"
#include "service/support/file.h"
#include "service/support/terminal.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPem = 64 << 10;
constexpr mode_t kPrivate = 0600, kPublic = 0644;

Error Cannot(std::string_view what, const std::string& path) {
  return {ErrorKind::kInternal, Check::kStoreIo, StrCat("cannot ", what, " ", path)};
}

std::vector<std::string> HostsOf(const InitOptions& options) {
  std::vector<std::string> hosts = options.hosts;
  if (hosts.empty()) {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0') hosts.emplace_back(name.data());
    hosts.insert(hosts.end(), {"localhost", "127.0.0.1", "::1"});
  }
  return hosts;
}

std::string ConfigText(const fs::path& dir, const std::string& user_token, const std::string& admin_token) {
  const auto quoted = [&](const char* name) { return StrCat("\"", (dir / name).string(), "\""); };
  return StrCat("# Made by `thimble init`. Tokens are kept as their SHA-512 alone (`thimble hash-token`).\n",
                "[server]\nlisten = \"0.0.0.0:8081\"\ntls_certificate = ", quoted("server.pem"),
                "\ntls_key = ", quoted("server.key"), "\n\n[cache]\ndata = ", quoted("data"),
                "\n\n[[role]]\nname = \"register\"\ntoken_sha512 = \"", TokenDigest(user_token).hex(),
                "\"\n\n[[role]]\nname = \"admin\"\ntoken_sha512 = \"", TokenDigest(admin_token).hex(),
                "\"\n");
}

void PrintHowTo(const fs::path& dir, const std::string& host, const std::string& user_token,
                const std::string& admin_token) {
  PrintLine(StrCat("made ", (dir / "thimble.toml").string(),
                   ", a CA (ca.pem, ca.key) and a server certificate (server.pem, server.key)"));
  PrintLine("");
  PrintLine(StrCat("  thimble serve --config ", (dir / "thimble.toml").string()));
  PrintLine("");
  PrintLine("Tokens; they are shown this once:");
  PrintLine(StrCat("  register  ", user_token, "   (PCCS's user token)"));
  PrintLine(StrCat("  admin     ", admin_token, "   (PCCS's admin token)"));
  PrintLine("");
  PrintLine("Clients trust it by ca.pem:");
  PrintLine(StrCat("  curl --cacert ", (dir / "ca.pem").string(), " https://", host, ":8081/healthz"));
  PrintLine(StrCat("  Intel's QCNL: \"collateral_service\": \"https://", host,
                   ":8081/sgx/certification/v4/\", \"use_secure_cert\": true, and"));
  PrintLine("    cp ca.pem /usr/local/share/ca-certificates/thimble.crt && update-ca-certificates");
  PrintLine("ca.key is needed for `thimble init --renew` alone: keep it elsewhere.");
}

Result<PemPair> ReadCa(const fs::path& dir) {
  PemPair ca;
  TRY_ASSIGN(ca.certificate, ReadFile((dir / "ca.pem").string(), kMaxPem));
  TRY_ASSIGN(ca.key, ReadFile((dir / "ca.key").string(), kMaxPem));
  return ca;
}

// The key first: a server that looks in between finds a pair that does not fit, and keeps the old one.
Status Renew(const fs::path& dir, const InitOptions& options, Instant now) {
  TRY_ASSIGN(const PemPair ca, ReadCa(dir));
  TRY_ASSIGN(const PemPair server, MakeCertificate(ca, CertificateUse::kServer, HostsOf(options), now));
  TRY(ReplaceFile(dir / "server.key", server.key, kPrivate));
  TRY(ReplaceFile(dir / "server.pem", server.certificate, kPublic));
  PrintLine(StrCat("renewed ", (dir / "server.pem").string(), "; a running server takes it on SIGHUP"));
  return {};
}

Status Init(const fs::path& dir, const InitOptions& options, Instant now) {
  if (fs::exists(dir / "thimble.toml")) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat((dir / "thimble.toml").string(), " exists; --renew makes a new server certificate")};
  }
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) return Cannot("make", dir.string());
  const std::vector<std::string> hosts = HostsOf(options);
  TRY_ASSIGN(const PemPair ca, MakeCa("Thimble local CA", now));
  TRY_ASSIGN(const PemPair server, MakeCertificate(ca, CertificateUse::kServer, hosts, now));
  const std::string user_token = RandomToken(), admin_token = RandomToken();
  if (user_token.empty() || admin_token.empty()) return Cannot("make tokens for", dir.string());
  TRY(WriteNewFile(dir / "ca.key", ca.key, kPrivate));
  TRY(WriteNewFile(dir / "ca.pem", ca.certificate, kPublic));
  TRY(WriteNewFile(dir / "server.key", server.key, kPrivate));
  TRY(WriteNewFile(dir / "server.pem", server.certificate, kPublic));
  TRY(WriteNewFile(dir / "thimble.toml", ConfigText(dir, user_token, admin_token), kPublic));
  PrintHowTo(dir, hosts.front(), user_token, admin_token);
  return {};
}

}  // namespace

ExitCode Run(const InitOptions& options) {
  const fs::path dir = fs::absolute(options.directory).lexically_normal();
  const Instant now = Clock().Now();
  const Status done = options.renew ? Renew(dir, options, now) : Init(dir, options, now);
  if (done.ok()) return ExitCode::kDone;
  PrintError(done.error().message);
  return done.error().kind == ErrorKind::kMalformed ? ExitCode::kUsage : ExitCode::kUnavailable;
}

}  // namespace thimble
