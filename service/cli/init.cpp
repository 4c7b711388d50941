// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "service/cli/certificate_names.h"
#include "service/cli/commands.h"
#include "service/http/local_ca.h"
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
constexpr std::string_view kPort = "8081";
constexpr mode_t kPrivate = 0600, kPublic = 0644, kGroup = 0640;
// Of the package: its unit, sysusers.d and tmpfiles.d (deploy/).
constexpr const char* kServiceDirectory = "/etc/thimble";
constexpr const char* kServiceData = "/var/lib/thimble";
constexpr const char* kServiceGroup = "thimble";

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

// Where things go, and who else may read what the server needs.
struct Place {
  fs::path dir;
  std::string data;
  std::optional<gid_t> readers;  // of the service: root's files, which it cannot change
};

Error Refused(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Result<Place> PlaceOf(const InitOptions& options) {
  if (!options.service && options.directory.empty())
    return Refused("name a directory, or --service for the installed service");
  Place place;
  place.dir =
      fs::absolute(options.directory.empty() ? kServiceDirectory : options.directory).lexically_normal();
  place.data = options.service ? kServiceData : (place.dir / "data").string();
  if (!options.service || options.renew) return place;
  const group* const found = ::getgrnam(kServiceGroup);
  if (found == nullptr) {
    return Refused(StrCat("there is no group ", kServiceGroup,
                          ": install the package, or run systemd-sysusers thimble.conf"));
  }
  place.readers = found->gr_gid;
  return place;
}

// Whatever the umask is.
Status LetRead(const fs::path& file, const std::optional<gid_t>& readers) {
  if (!readers) return {};
  if (::chown(file.c_str(), static_cast<uid_t>(-1), *readers) == 0 && ::chmod(file.c_str(), kGroup) == 0)
    return {};
  return Cannot("change the group of", file.string());
}

std::string ConfigText(const Place& place, const std::string& user_token, const std::string& admin_token) {
  const auto quoted = [&](const char* name) { return StrCat("\"", (place.dir / name).string(), "\""); };
  return StrCat(
      "# Made by `thimble init`. Tokens are kept as their SHA-512 alone (`thimble hash-token`).\n",
      "[server]\nlisten = \"0.0.0.0:", kPort, "\"\ntls_certificate = ", quoted("server.pem"),
      "\ntls_key = ", quoted("server.key"), "\n\n[cache]\ndata = \"", place.data,
      "\"\n\n[[role]]\nname = \"register\"\nlabel = \"register of init\"\ntoken_sha512 = \"",
      TokenDigest(user_token).hex(),
      "\"\n\n[[role]]\nname = \"admin\"\nlabel = \"admin of init\"\ntoken_sha512 = \"",
      TokenDigest(admin_token).hex(),
      "\"\n\n# Anyone who reaches it may read and verify, until these are granted to somebody:\n"
      "# [[role]]\n# name = \"verify\"\n# token_sha512 = \"...\"   # `thimble hash-token` makes it\n"
      "# [[role]]\n# name = \"read\"\n# token_sha512 = \"...\"\n");
}

// Names are relative: the file, ca.pem and admin.token can be copied together to where commands are run.
std::string ClientText(const std::vector<std::string>& hosts) {
  const bool local = std::find(hosts.begin(), hosts.end(), "localhost") != hosts.end();
  const std::string host = local ? "localhost" : hosts.front();
  return StrCat(
      "# Made by `thimble init`: what commands ask, and what they show it. Read beside --config, in\n",
      "# ~/.config/thimble and in /etc/thimble. From another host, give the server its name there.\n",
      "server = \"https://", host.find(':') == std::string::npos ? host : StrCat("[", host, "]"), ":", kPort,
      "\"\nca = \"ca.pem\"\ntoken_file = \"admin.token\"\n");
}

void PrintHowTo(const fs::path& dir, bool service, const std::string& host, const std::string& user_token,
                const std::string& admin_token) {
  PrintLine(StrCat("made ", (dir / "thimble.toml").string(),
                   ", a CA (ca.pem, ca.key) and a server certificate (server.pem, server.key)"));
  PrintLine("");
  PrintLine(StrCat("It listens on all addresses, port ", kPort,
                   ", and anyone who reaches it may read and verify: [[role]] \"read\" and \"verify\" in the "
                   "file say who else."));
  PrintLine("");
  PrintLine(service ? "  systemctl restart thimble"
                    : StrCat("  thimble serve --config ", (dir / "thimble.toml").string()));
  PrintLine("");
  PrintLine("Commands talk to it by client.toml and admin.token, which only you can read:");
  PrintLine(StrCat("  thimble status", service ? "" : StrCat(" --config ", (dir / "thimble.toml").string())));
  PrintLine(StrCat("  elsewhere: ca.pem, admin.token and client.toml (server = \"https://", host, ":", kPort,
                   "\") in ~/.config/thimble"));
  PrintLine("");
  PrintLine("Tokens of others; they are shown this once:");
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

// With the owner and the mode of the file that was there: the service must still be able to read it.
Status ReplaceAsItWas(const fs::path& file, const std::string& text) {
  struct stat was {};
  if (::stat(file.c_str(), &was) != 0) return Cannot("look at", file.string());
  TRY(ReplaceFile(file, text, was.st_mode & 0777));
  if (::chown(file.c_str(), was.st_uid, was.st_gid) != 0 || ::chmod(file.c_str(), was.st_mode & 0777) != 0)
    return Cannot("change the owner of", file.string());
  return {};
}

// Those that clients know it by, unless others are said.
Result<std::vector<std::string>> NamesToRenew(const fs::path& dir, const InitOptions& options) {
  if (!options.hosts.empty()) return options.hosts;
  return NamesInCertificate((dir / "server.pem").string());
}

// The key first: a server that looks in between finds a pair that does not fit, and keeps the old one.
Status Renew(const fs::path& dir, const InitOptions& options, Instant now) {
  TRY_ASSIGN(const PemPair ca, ReadCa(dir));
  TRY_ASSIGN(const std::vector<std::string> hosts, NamesToRenew(dir, options));
  TRY_ASSIGN(const PemPair server, MakeCertificate(ca, CertificateUse::kServer, hosts, now));
  TRY(ReplaceAsItWas(dir / "server.key", server.key));
  TRY(ReplaceAsItWas(dir / "server.pem", server.certificate));
  std::string names;
  for (const std::string& host : hosts) names += StrCat(names.empty() ? "" : ", ", host);
  PrintLine(StrCat("renewed ", (dir / "server.pem").string(), " for ", names,
                   "; a running server takes it on SIGHUP"));
  return {};
}

// A service has a configuration already, the package's: it is kept beside the new one.
Status MakeRoom(const Place& place) {
  const fs::path config = place.dir / "thimble.toml", before = place.dir / "thimble.toml.before";
  if (!fs::exists(config)) return {};
  if (!place.readers || fs::exists(place.dir / "ca.pem") || fs::exists(before))
    return Refused(StrCat(config.string(), " exists; --renew makes a new server certificate"));
  std::error_code error;
  fs::rename(config, before, error);
  if (error) return Cannot("rename", config.string());
  PrintLine(StrCat("the configuration that was there is now ", before.string()));
  return {};
}

// All or nothing: half of what is made here would serve nobody, and stop the next attempt.
Status LookBefore(const Place& place) {
  if (!place.readers && fs::exists(place.dir / "thimble.toml"))
    return {};  // which MakeRoom() refuses, and says why
  for (const char* const file :
       {"ca.key", "ca.pem", "server.key", "server.pem", "admin.token", "client.toml"}) {
    if (fs::exists(place.dir / file))
      return Refused(StrCat((place.dir / file).string(),
                            " exists: move it away first; --renew makes a new server certificate"));
  }
  return {};
}

Status Init(const Place& place, const InitOptions& options, Instant now) {
  const fs::path& dir = place.dir;
  TRY(LookBefore(place));
  TRY(MakeRoom(place));
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
  TRY(WriteNewFile(dir / "admin.token", admin_token + "\n", kPrivate));
  TRY(WriteNewFile(dir / "client.toml", ClientText(hosts), kPublic));
  TRY(WriteNewFile(dir / "thimble.toml", ConfigText(place, user_token, admin_token), kPublic));
  for (const char* const file : {"server.key", "server.pem", "thimble.toml"})
    TRY(LetRead(dir / file, place.readers));
  PrintHowTo(dir, options.service, hosts.front(), user_token, admin_token);
  return {};
}

Status Done(const InitOptions& options) {
  TRY_ASSIGN(const Place place, PlaceOf(options));
  const Instant now = Clock().Now();
  return options.renew ? Renew(place.dir, options, now) : Init(place, options, now);
}

}  // namespace

ExitCode Run(const InitOptions& options) {
  const Status done = Done(options);
  if (done.ok()) return ExitCode::kDone;
  PrintError(done.error().message);
  return done.error().kind == ErrorKind::kMalformed ? ExitCode::kUsage : ExitCode::kUnavailable;
}

}  // namespace thimble
