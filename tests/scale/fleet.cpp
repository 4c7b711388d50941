// SPDX-License-Identifier: Apache-2.0
#include "tests/scale/fleet.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "service/http/roles.h"
#include "tcb/base/text.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

constexpr const char* kToken = "the operator's";

std::string Grant(std::string_view role) {
  return StrCat("[[role]]\nname = \"", role, "\"\ntoken_sha512 = \"", TokenDigest(kToken).hex(), "\"\n");
}

std::string ConfigOf(const std::string& root, const std::string& pcs, const std::string& database,
                     const std::string& data) {
  return StrCat("[server]\nlisten = \"127.0.0.1:0\"\nanchors = [\"", root,
                "\"]\n[[intel.upstream]]\nurl = \"", pcs, "\"\n[cache]\ndata = \"", data,
                "\"\n[shared]\nurl = \"", database, "\"\n", Grant("admin"), Grant("register"));
}

}  // namespace

bool FullFigures() {
  const char* const wanted = std::getenv("THIMBLE_FLEET");
  return wanted != nullptr && std::string_view(wanted) == "full";
}

Fleet::Fleet(size_t replicas, Way way) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  why_not_ = cluster.why_not();
  if (why_not_.empty() && way == Way::kPooled) {
    bouncer_ = std::make_unique<PgBouncer>(cluster);
    why_not_ = bouncer_->why_not();
  }
  if (!why_not_.empty()) return;
  url_ = cluster.NewDatabase();
  const std::string root = files_.Write("root.pem", intel.RootPem());
  for (size_t i = 0; i < replicas; ++i) {
    const std::string data = files_ / StrCat("data-", i);
    const std::string config =
        ConfigOf(root, vendor.PcsUrl(), bouncer_ ? bouncer_->Through(url_) : url_, data);
    replicas_.push_back({files_.Write(StrCat(i, ".toml"), config), data, nullptr, 0});
    Start(i);
  }
  if (!Eventually([&] { return AllReach(); }))
    throw std::runtime_error("a replica does not reach the database");
}

void Fleet::Start(size_t replica) {
  Replica& one = replicas_.at(replica);
  one.process = std::make_unique<Child>(
      std::vector<std::string>{"--config", one.config, "--frozen-time", FormatRfc3339(sim::kNow)});
  one.port = one.process->WaitForPort();
  if (one.port == 0) throw std::runtime_error("a replica does not start");
}

void Fleet::Kill(size_t replica) { replicas_.at(replica).process->Kill(); }

RawAnswer Fleet::Send(size_t replica, std::string_view method, std::string_view target,
                      std::string_view body) const {
  RawConnection connection(port(replica));
  connection.Send(StrCat(method, " ", target, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ",
                         kToken, "\r\nContent-Type: application/json\r\nContent-Length: ", body.size(),
                         "\r\n\r\n", body));
  return connection.Receive();
}

std::optional<double> Fleet::Metric(size_t replica, std::string_view name) const {
  const std::string text = Ask(replica, "/metrics").body, line = StrCat("\n", name, " ");
  const size_t at = text.find(line);
  if (at == std::string::npos) return std::nullopt;
  return std::strtod(text.c_str() + at + line.size(), nullptr);
}

bool Fleet::AllReach() const {
  for (size_t i = 0; i < size(); ++i) {
    if (Metric(i, "thimble_shared_up") != 1) return false;
  }
  return true;
}

std::string Fleet::Sql(const std::string& sql) const {
  return PostgresCluster::Shared().Sql(url_.substr(url_.rfind('/') + 1), sql);
}

std::string Fleet::Challenge(size_t replica) const {
  const RawAnswer answer = Post(port(replica), "/v1/challenge", "application/json", "");
  if (answer.status != 200) return "";
  return nlohmann::json::parse(answer.body)["nonce"];
}

std::string Fleet::RequestWith(const std::string& nonce) const {
  const Bytes data = *FromHex(nonce);
  const Bytes quote = intel.Quote({.tdx = true, .bend = [&](sim::QuoteSpec& q) {
                                     q.tdx.report_data = {};
                                     std::copy(data.begin(), data.end(), q.tdx.report_data.begin());
                                   }});
  return nlohmann::json{{"evidence", Base64(quote)}, {"nonce", nonce}}.dump();
}

std::string Fleet::Verify(size_t replica, const std::string& request) const {
  const RawAnswer answer = Post(port(replica), "/v1/verify", "application/json", request);
  if (answer.status != 200) return std::to_string(answer.status);
  return nlohmann::json::parse(answer.body)["decision"];
}

}  // namespace thimble::test
