// SPDX-License-Identifier: Apache-2.0
#include "service/config/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "service/cli/command_support.h"
#include "tcb/policy/digest.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

Config Good(std::string_view text) {
  auto config = ParseConfig(text, "t.toml");
  EXPECT_TRUE(config.ok()) << text << ": " << (config.ok() ? "" : config.error().message);
  return config.ok() ? std::move(config).value() : Config{};
}

// The message; empty when it was taken.
std::string Refusal(std::string_view text) {
  const auto config = ParseConfig(text, "t.toml");
  return config.ok() ? "" : config.error().message;
}

TEST(Config, HasDefaultsThatRun) {
  const Config config = Good("");
  EXPECT_EQ(config.server.listen, "127.0.0.1:8081");
  EXPECT_EQ(config.cache.data, "thimble-data");
  EXPECT_EQ(config.cache.stale_grace, Seconds(168 * 3600));
  EXPECT_EQ(config.server.miss_wait, Seconds(5));
  EXPECT_EQ(config.refresh.max_age, Seconds(86400));
  EXPECT_EQ(config.refresh.lag, Seconds(3 * 86400));
  EXPECT_EQ(config.intel_upstreams.at(0).url, "https://api.trustedservices.intel.com/sgx/certification/v4/");
  EXPECT_EQ(config.baselines.at("default").intel, EvaluationChoice{});
  EXPECT_EQ(config.policies.at("default").accepted_statuses, std::vector{TcbStatus::kUpToDate});
  EXPECT_EQ(config.policies.at("default").sha256, PolicyDigest(Policy()));
  EXPECT_FALSE(config.honour_update);
}

// The words behind "known: " of a refusal.
std::set<std::string> Known(const std::string& refusal) {
  std::set<std::string> out;
  const std::string before = "known: ";
  std::string_view rest = refusal;
  const size_t at = rest.find(before);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + before.size());
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(", "), rest.size());
    out.emplace(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return out;
}

// The keys of a file by their section, those behind "# " as well.
std::map<std::string, std::set<std::string>> KeysIn(const std::string& path) {
  std::map<std::string, std::set<std::string>> out;
  std::ifstream file(path);
  std::string section;
  for (std::string line; std::getline(file, line);) {
    std::string_view text = line;
    if (text.starts_with("# ")) text.remove_prefix(2);
    if (text.starts_with('[')) {
      text.remove_prefix(text.find_first_not_of('['));
      section = text.substr(0, text.find(']'));
      out[section];
    } else if (const size_t equals = text.find(" = "); equals != text.npos && text.find(' ') == equals) {
      out[section].emplace(text.substr(0, equals));
    }
  }
  return out;
}

// Whatever key comes to be: the file that has every key has it, and no other.
TEST(Config, TheFileWithEveryKeyHasEveryKey) {
  const auto file = KeysIn(test::SourceDir() / "deploy/thimble.toml");
  std::map<std::string, std::set<std::string>> known;
  for (const std::string& section : Known(Refusal("no_such_section = 1\n"))) {
    for (const char* const form : {"[{}]\nno_such_key = 1\n", "[[{}]]\nno_such_key = 1\n"}) {
      std::string text = form;
      const auto found = Known(Refusal(text.replace(text.find("{}"), 2, section)));
      known[section].insert(found.begin(), found.end());
    }
  }
  ASSERT_GE(known.size(), 14u);
  for (const char* const vendor : {"intel", "amd"}) {
    EXPECT_EQ(known[vendor], std::set<std::string>{"upstream"});
    known.erase(vendor);
  }
  known["intel.upstream"] = Known(Refusal("[[intel.upstream]]\nno_such_key = 1\n"));
  known["baseline.default"] = Known(Refusal("[baseline.default]\nno_such_key = 1\n"));
  known["baseline"] = {"honour_update"};
  EXPECT_TRUE(Good("[baseline]\nhonour_update = true\n").honour_update);
  known.erase("policy");  // docs/POLICIES.md has every rule
  for (const auto& [section, keys] : known) {
    EXPECT_FALSE(keys.empty()) << section;
    ASSERT_TRUE(file.contains(section)) << section;
    EXPECT_EQ(file.at(section), keys) << section;
  }
}

TEST(Config, ReadsEveryKey) {
  const std::string_view text = R"(
[server]
listen = "[::1]:0"
anchors = ["a.pem", "b.pem"]
miss_wait = "2s"
[[intel.upstream]]
url = "https://pccs.example/sgx/certification/v4/"
[[intel.upstream]]
url = "http://pccs.example:8081/sgx/certification/v4/"
allow_http = true
[[amd.upstream]]
url = "https://kds.example/"
[cache]
data = "/var/lib/thimble"
stale_grace = "2d"
[refresh]
max_age = "12h"
lag = "5d"
[baseline]
honour_update = true
[baseline.default]
intel = "17"
amd = ""
[baseline.next]
intel = "early"
[policy.default]
accepted_statuses = ["UpToDate", "SWHardeningNeeded"]
min_tcb_evaluation = 17
allow_debug = true
collateral_grace = "1h"
amd_crl = "if_available"
amd_floor = "if_known"
[policy.strict]
)";
  const Config config = Good(text);
  EXPECT_EQ(config.server.listen, "[::1]:0");
  EXPECT_EQ(config.server.anchors, (std::vector<std::string>{"a.pem", "b.pem"}));
  EXPECT_EQ(config.server.miss_wait, Seconds(2));
  ASSERT_EQ(config.intel_upstreams.size(), 2u);
  EXPECT_TRUE(config.intel_upstreams.at(1).allow_http);
  EXPECT_EQ(config.amd_upstreams.at(0).url, "https://kds.example/");
  EXPECT_EQ(config.cache.data, "/var/lib/thimble");
  EXPECT_EQ(config.cache.stale_grace, Seconds(2 * 86400));
  EXPECT_EQ(config.refresh.max_age, Seconds(12 * 3600));
  EXPECT_EQ(config.refresh.lag, Seconds(5 * 86400));
  EXPECT_TRUE(config.honour_update);
  EXPECT_EQ(config.baselines.at("default").intel.selector, (Selector{Selector::Kind::kNumber, 17}));
  EXPECT_EQ(config.baselines.at("default").amd, "");
  EXPECT_EQ(config.baselines.at("next").intel.selector.kind, Selector::Kind::kEarly);
  const Policy& policy = config.policies.at("default");
  EXPECT_EQ(policy.accepted_statuses, (std::vector{TcbStatus::kUpToDate, TcbStatus::kSWHardeningNeeded}));
  EXPECT_EQ(policy.min_tcb_evaluation, 17u);
  EXPECT_TRUE(policy.allow_debug);
  EXPECT_EQ(policy.collateral_grace, Seconds(3600));
  EXPECT_EQ(policy.amd_crl, AmdCrlMode::kIfAvailable);
  EXPECT_EQ(policy.amd_floor, AmdFloorMode::kIfKnown);
  EXPECT_EQ(config.policies.at("strict").id, "strict");
}

TEST(Config, ReadsProxiesAndSizes) {
  const Config config = Good(
      "[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\nproxy_protocol = true\n[pccs]\nmax_upload = \"1GiB\"\n");
  EXPECT_TRUE(config.server.proxy_protocol);
  EXPECT_EQ(config.pccs.max_upload, size_t{1} << 30);
  EXPECT_FALSE(Config().server.proxy_protocol);
  EXPECT_EQ(Config().pccs.max_upload, size_t{64} << 20);
}

// What is wrong, and what the message must say of it.
TEST(Config, RefusesWithTheLineAndWhatIsRight) {
  const std::pair<const char*, const char*> bads[] = {
      {"[sever]\n", "t.toml:1: unknown section: sever; known: server, intel, amd, cache"},
      {"\n[server]\nlisen = \"x\"\n", "t.toml:3: unknown key in [server]: lisen; known: listen"},
      {"server = 1\n", "t.toml:1: server must be a table"},
      {"[server]\nlisten = 8081\n", "t.toml:2: listen must be text"},
      {"[server]\nlisten = \"8081\"\n", "must be ADDRESS:PORT"},
      {"[server]\nmiss_wait = \"5\"\n", "t.toml:2: miss_wait must be a duration with its unit"},
      {"[server]\nmiss_wait = 5\n", "t.toml:2: miss_wait must be a duration with its unit"},
      {"[server]\nmiss_wait = \"0s\"\n", "miss_wait must be at least 1s"},
      {"[server]\nproxy_protocol = true\n", "proxy_protocol needs trusted_proxies"},
      {"[server]\ntrusted_proxies = [\"localhost\"]\n",
       "t.toml:2: trusted_proxies must be a list of addresses"},
      {"[pccs]\nmax_upload = 64\n", "t.toml:2: max_upload must be a size with its unit"},
      {"[pccs]\nmax_upload = \"64MB\"\n", "t.toml:2: max_upload must be a size with its unit"},
      {"[pccs]\nmax_upload = \"63KiB\"\n", "t.toml:2: max_upload must be a size with its unit"},
      {"[pccs]\nmax_upload = \"5GiB\"\n", "t.toml:2: max_upload must be a size with its unit"},
      {"[server]\nanchors = \"a.pem\"\n", "t.toml:2: anchors must be a list"},
      {"[server]\nanchors = [1]\n", "t.toml:2: anchors must be a list"},
      {"[server]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"\n", "t.toml:3: "},
      {"[[intel.upstream]]\nurl = \"ftp://x/sgx/certification/v4/\"\n", "upstream url"},
      {"[[intel.upstream]]\nurl = \"https://x/\"\n", "must be the base that clients know"},
      {"[[intel.upstream]]\nurl = \"http://x.example/sgx/certification/v4/\"\n",
       "is http:// to another host"},
      {"[[intel.upstream]]\nurl = \"https://u@x/sgx/certification/v4/\"\n", "upstream url"},
      {"[[intel.upstream]]\nurls = \"x\"\n", "t.toml:2: unknown key in [upstream]: urls"},
      {"[[intel.upstream]]\nurl = \"https://x/sgx/certification/v4/\"\nallow_http = \"yes\"\n",
       "t.toml:3: allow_http must be true or false"},
      {"[intel]\nupstream = \"x\"\n", "t.toml:2: upstreams are lists: [[intel.upstream]]"},
      {"[[amd.upstream]]\nurl = \"http://kds.example/\"\n", "is http:// to another host"},
      {"[cache]\ndata = \"\"\n", "data must name a directory"},
      {"[audit]\nmax_total_mib = 127\n", "max_total_mib must be at least twice max_file_mib"},
      {"[refresh]\nmax_age = \"1m\"\n", "max_age must be at least 10m"},
      {"[refresh]\nlag = \"59m\"\n", "refresh.lag must be at least 1h"},
      {"[baseline.default]\nintel = \"latest\"\n",
       "t.toml:2: intel must be \"standard\", \"early\", an evaluation number"},
      {"[baseline.default]\nintel = \"-1\"\n", "t.toml:2: intel must be"},
      {"[baseline]\nhonour_updates = true\n", "t.toml:2: "},
      {"[policy.default]\naccepted_statuses = [\"Uptodate\"]\n", "t.toml:2: accepted_statuses must be"},
      {"[policy.default]\naccepted_statuses = [\"UpToDate\", \"Revoked\"]\n",
       "\"Revoked\" is never accepted"},
      {"[policy.default]\nmin_tcb_evaluation = -1\n", "t.toml:2: min_tcb_evaluation must be a whole number"},
      {"[policy.default]\nmin_tcb_evaluation = 4294967296\n", "t.toml:2: min_tcb_evaluation"},
      {"[policy.default]\nmin_tcb_evaluation = \"17\"\n", "t.toml:2: min_tcb_evaluation"},
      {"[policy.default]\namd_crl = \"on\"\n", "t.toml:2: amd_crl must be"},
      {"[policy.default]\namd_floor = \"off\"\n", "t.toml:2: amd_floor must be"},
      {"[policy.x]\naccepted_status = []\n", "t.toml:2: unknown key in [policy.x]: accepted_status"},
      {"policy = 3\n", "t.toml:1: policies are tables"},
      {"[server\n", "t.toml:1: "},
  };
  for (const auto& [text, message] : bads) {
    EXPECT_NE(Refusal(text).find(message), std::string::npos) << text << "\n  gave: " << Refusal(text);
  }
}

TEST(Config, TakesHttpToHostsThatAreLocal) {
  for (const char* host : {"127.0.0.1:8082", "localhost", "[::1]:80", "169.254.169.254"}) {
    EXPECT_EQ(
        Refusal("[[intel.upstream]]\nurl = \"http://" + std::string(host) + "/sgx/certification/v4/\"\n"), "")
        << host;
  }
}

class ConfigFileTest : public testing::Test {
 protected:
  std::string Write(std::string_view text) const { return files_.Write("thimble.toml", text); }
  test::TempDir files_;
};

TEST_F(ConfigFileTest, GoesAfterTheCommandLineAndBeforeTheDefaults) {
  ConfigFlags flags;
  flags.config = Write("[server]\nlisten = \"127.0.0.1:1\"\nanchors = [\"a\"]\n[cache]\ndata = \"d\"\n");
  flags.listen = "127.0.0.1:2";
  flags.pcs_url = "https://x.example/sgx/certification/v4";
  flags.anchors = {"b"};
  const auto config = EffectiveConfig(flags);
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server.listen, "127.0.0.1:2");
  EXPECT_EQ(config->cache.data, "d");
  EXPECT_EQ(config->refresh.max_age, Seconds(86400));
  EXPECT_EQ(config->server.anchors, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(config->intel_upstreams.size(), 1u);
  EXPECT_EQ(config->intel_upstreams.at(0).url, "https://x.example/sgx/certification/v4");
}

TEST_F(ConfigFileTest, RefusesWhatTheCommandLineSaysWrong) {
  EXPECT_TRUE(EffectiveConfig(ConfigFlags()).ok());
  ConfigFlags listen, pcs_url, missing;
  listen.listen = "8081";
  pcs_url.pcs_url = "http://x.example/sgx/certification/v4/";
  missing.config = "/nonexistent.toml";
  for (const ConfigFlags& bad : {listen, pcs_url, missing}) EXPECT_FALSE(EffectiveConfig(bad).ok());
}

TEST_F(ConfigFileTest, IsAPolicyFileWithTheDefaultsAlone) {
  const auto file = LoadPolicyFile(Write(
      "[policy.default]\naccepted_statuses = [\"OutOfDate\"]\n[baseline.default]\nintel = \"early\"\n"));
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->policy.accepted_statuses, std::vector{TcbStatus::kOutOfDate});
  EXPECT_EQ(file->baseline.intel.selector.kind, Selector::Kind::kEarly);
  EXPECT_FALSE(LoadPolicyFile(Write("[policy.other]\n")).ok());
  EXPECT_FALSE(LoadPolicyFile(Write("[server]\n")).ok());
}

TEST(Config, NamesTheKeysThatTakeEffectAtTheNextStart) {
  struct Change {
    const char* key;
    void (*make)(Config&);
  };
  const Change changes[] = {
      {"server.listen", [](Config& c) { c.server.listen = "127.0.0.1:1"; }},
      {"server.anchors", [](Config& c) { c.server.anchors = {"root.pem"}; }},
      {"server.miss_wait", [](Config& c) { c.server.miss_wait = Seconds(1); }},
      {"server.trusted_proxies",
       [](Config& c) { c.server.trusted_proxies = {*http::ProxyNetwork::Parse("unix")}; }},
      {"server.trusted_proxies",
       [](Config& c) { c.server.forwarded_header = http::ForwardedHeader::kForwarded; }},
      {"server.proxy_protocol", [](Config& c) { c.server.proxy_protocol = true; }},
      {"pccs.max_upload", [](Config& c) { c.pccs.max_upload = 1 << 20; }},
      {"cache.data", [](Config& c) { c.cache.data = "elsewhere"; }},
      {"cache.stale_grace", [](Config& c) { c.cache.stale_grace = Seconds(1); }},
      {"refresh.max_age", [](Config& c) { c.refresh.max_age = Seconds(1); }},
      {"refresh.lag", [](Config& c) { c.refresh.lag = Seconds(1); }},
      {"history", [](Config& c) { c.history.rules.max_versions = 1; }},
      {"log", [](Config& c) { c.log.level = LogLevel::kError; }},
      {"pccs.mode", [](Config& c) { c.pccs.mode = CachingMode::kOffline; }},
      {"thim", [](Config& c) { c.thim.host = VcekKey{}; }},
      {"audit", [](Config& c) { c.audit.keep_files = 1; }},
      {"baseline.honour_update", [](Config& c) { c.honour_update = true; }},
      {"",
       [](Config& c) {
         c.roles = {{.role = Role::kAdmin, .token_sha512 = TokenDigest("t"), .client_sha256 = {}}};
       }},
      {"", [](Config& c) { c.intel_upstreams.clear(); }},
      {"", [](Config& c) { c.server.tls_key = "key.pem"; }},
  };
  for (const Change& change : changes) {
    Config after;
    change.make(after);
    EXPECT_EQ(KeysForNextStart(Config(), after), change.key);
  }
  EXPECT_EQ(KeysForNextStart(Config(), Config()), "");
}

}  // namespace
}  // namespace thimble
