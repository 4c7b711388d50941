// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_pccs.h"

#include <httplib.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/intel/pck_tcb.h"

namespace thimble::sim {
namespace {

constexpr const char *kRoot = "/sgx/certification/v4", *kTdxRoot = "/tdx/certification/v4";
constexpr const char *kChain = "SGX-PCK-Certificate-Issuer-Chain", *kFmspc = "SGX-FMSPC",
                     *kCaType = "SGX-PCK-Certificate-CA-Type";
constexpr const char* kNoData = "No cache data for this platform.";

std::string Upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  return text;
}
bool IsHex(const std::string& text, size_t digits) {
  return text.size() == digits && FromHex(text).has_value();
}
void Say(httplib::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text, "text/html; charset=utf-8");
}

// As it was sent: the library decodes what is percent-encoded in a header.
std::string ChainIn(const httplib::Response& response, const char* name) {
  const std::string value = response.get_header_value(name);
  return value.find("-----BEGIN CERTIFICATE-----") == std::string::npos ? value : PercentEncode(value);
}

struct Certificate {
  intel::PckTcb tcb;
  std::string tcbm, pem;
};
// What is in its tables of one (qe_id, pce_id).
struct Platform {
  std::string fmspc, ca, chain;  // the chain as it came, percent-encoded
  std::vector<Certificate> certificates;
};
// A body with its issuer chain.
struct Collateral {
  std::string body, type, chain_name, chain;
};

}  // namespace

struct SimPccs::Impl {
  explicit Impl(const std::string& pcs_url)
      : origin(pcs_url.substr(0, pcs_url.find('/', pcs_url.find("//") + 2))), pcs(origin) {
    server.new_task_queue = [] { return new httplib::ThreadPool(8); };  // the library deletes it
    server.set_keep_alive_timeout(1);
    server.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      Note(request);
      return httplib::Server::HandlerResponse::Unhandled;
    });
    server.Get(StrCat(kRoot, "/pckcert"),
               [this](const httplib::Request& q, httplib::Response& r) { PckCert(q, r); });
    for (const std::string& path : {StrCat(kRoot, "/tcb"), StrCat(kTdxRoot, "/tcb")})
      Serve(path, "TCB-Info-Issuer-Chain");
    for (const std::string& path :
         {StrCat(kRoot, "/qe/identity"), StrCat(kRoot, "/qve/identity"), StrCat(kTdxRoot, "/qe/identity")})
      Serve(path, "SGX-Enclave-Identity-Issuer-Chain");
    Serve(StrCat(kRoot, "/pckcrl"), "SGX-PCK-CRL-Issuer-Chain");
    Serve(StrCat(kRoot, "/rootcacrl"), "");
    server.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
      if (response.status == 404 && response.body.empty())
        Say(response, 404, StrCat("<pre>Cannot ", request.method, " ", request.path, "</pre>"));
    });
    port = server.bind_to_any_port("127.0.0.1");
    if (port <= 0) throw std::runtime_error("cannot listen");
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~Impl() {
    server.stop();
    thread.join();
  }

  void Note(const httplib::Request& request) {
    std::string target = request.target;
    if (const size_t at = target.find("encrypted_ppid="); at != std::string::npos)
      target.erase(at, std::min(target.find('&', at), target.size() - 1) - at + 1);
    const std::lock_guard lock(mutex);
    asked.push_back(std::move(target));
  }
  bool Lazy() const {
    const std::lock_guard lock(mutex);
    return mode == Mode::kLazy;
  }

  // ---- collateral: what is not held is fetched under the same target ----

  void Serve(const std::string& path, const char* chain_name) {
    server.Get(path, [this, chain_name](const httplib::Request& request, httplib::Response& response) {
      const auto held = Held(request.target, chain_name);
      if (!held) return Say(response, 404, kNoData);
      if (!held->chain_name.empty()) response.set_header(held->chain_name, held->chain);
      response.set_content(held->body, held->type);
    });
  }
  std::optional<Collateral> Held(const std::string& target, const char* chain_name) {
    const std::lock_guard lock(fetching);
    if (const auto found = collateral.find(target); found != collateral.end()) return found->second;
    if (!Lazy()) return std::nullopt;
    const auto answer = pcs.Get(target);
    if (!answer || answer->status != 200) return std::nullopt;
    if (*chain_name != '\0' && !answer->has_header(chain_name)) return std::nullopt;
    Collateral held{answer->body, answer->get_header_value("Content-Type"), chain_name,
                    ChainIn(*answer, chain_name)};
    return collateral.emplace(target, std::move(held)).first->second;
  }

  // ---- PCK certificates ----

  void PckCert(const httplib::Request& request, httplib::Response& response) {
    const auto get = [&](const char* name) { return Upper(request.get_param_value(name)); };
    const std::string qe_id = get("qeid"), cpu_svn = get("cpusvn"), pce_svn = get("pcesvn"),
                      pce_id = get("pceid"), ppid = get("encrypted_ppid");
    const bool has_ppid = request.has_param("encrypted_ppid");
    if (qe_id.empty() || qe_id.size() > 260 || !IsHex(cpu_svn, 32) || !IsHex(pce_svn, 4) ||
        !IsHex(pce_id, 4) || (has_ppid && !IsHex(ppid, 768)))
      return Say(response, 400, "Invalid request parameters.");
    const std::lock_guard lock(fetching);
    const auto id = std::pair(qe_id, pce_id);
    if (!platforms.contains(id)) {
      if (!Lazy()) return Say(response, 461, "The platform was not found in the cache.");
      if (!has_ppid) return Say(response, 400, "Invalid request parameters.");
      auto fetched = ppid == std::string(768, '0') ? std::nullopt : FetchPlatform(ppid, pce_id);
      if (!fetched) return Say(response, 404, kNoData);
      platforms.emplace(id, *std::move(fetched));
    }
    Answer(platforms.at(id), *intel::PckTcb::FromHex(cpu_svn, pce_svn), response);
  }

  // The certificates lie best first.
  static void Answer(const Platform& platform, const intel::PckTcb& raw, httplib::Response& response) {
    const auto fits = std::ranges::find_if(
        platform.certificates, [&](const Certificate& one) { return intel::Covers(raw, one.tcb); });
    if (fits == platform.certificates.end()) return Say(response, 404, kNoData);
    response.set_header("SGX-TCBm", fits->tcbm);
    response.set_header(kFmspc, platform.fmspc);
    response.set_header(kCaType, platform.ca);
    response.set_header(kChain, platform.chain);
    response.set_content(fits->pem, "application/x-pem-file");
  }

  // As section 10 says: three headers and a list; then the SGX TCB info of the FMSPC has to be there, too.
  std::optional<Platform> FetchPlatform(const std::string& ppid, const std::string& pce_id) {
    const auto answer =
        pcs.Get(StrCat(kRoot, "/pckcerts?encrypted_ppid=", ppid, "&pceid=", pce_id),
                {{"Ocp-Apim-Subscription-Key", "key"}, {"Accept-Encoding", "gzip, deflate, br"}});
    if (!answer || answer->status != 200)
      return Complain(StrCat("pckcerts: ", answer ? std::to_string(answer->status) : "no answer"));
    for (const char* const name : {kChain, kFmspc, kCaType}) {
      if (!answer->has_header(name)) return Complain(StrCat("pckcerts: no header ", name));
    }
    Platform platform{answer->get_header_value(kFmspc),
                      Upper(answer->get_header_value(kCaType)),
                      ChainIn(*answer, kChain),
                      {}};
    // It splits the chain at the last of these, and knows no other spelling.
    if (platform.chain.rfind("-----BEGIN%20CERTIFICATE-----") == std::string::npos)
      return Complain("pckcerts: the chain cannot be split");
    if (!Parse(answer->body, platform)) return Complain("pckcerts: not a list of certificates");
    bool any = false;
    for (const char* const update : {"early", "standard"}) {
      const std::string query = StrCat("/tcb?fmspc=", platform.fmspc, "&update=", update);
      const auto sgx = pcs.Get(StrCat(kRoot, query));
      any = any || (sgx && sgx->status == 200 && sgx->has_header("TCB-Info-Issuer-Chain"));
      (void)pcs.Get(StrCat(kTdxRoot, query));  // may fail
    }
    return any ? std::optional(std::move(platform)) : Complain("no TCB info");
  }

  static bool Parse(const std::string& body, Platform& platform) {
    const auto list = nlohmann::json::parse(body, nullptr, false);
    if (!list.is_array()) return false;
    for (const auto& entry : list) {
      const std::string tcbm = entry.value("tcbm", ""), text = entry.value("cert", "");
      if (text == "Not available") continue;
      const auto tcb = intel::PckTcb::FromHex(tcbm);
      const auto pem = PercentDecode(text);
      if (!entry.contains("tcb") || !tcb || !pem) return false;
      platform.certificates.push_back({*tcb, Upper(tcbm), *pem});
    }
    return !platform.certificates.empty();
  }

  std::nullopt_t Complain(std::string text) {
    const std::lock_guard lock(mutex);
    complaint = std::move(text);
    return std::nullopt;
  }

  const std::string origin;
  mutable std::mutex mutex;  // of these three
  Mode mode = Mode::kLazy;
  std::vector<std::string> asked;
  std::string complaint;
  std::mutex fetching;  // of its tables, and of the client
  std::map<std::string, Collateral> collateral;
  std::map<std::pair<std::string, std::string>, Platform> platforms;
  httplib::Client pcs;
  httplib::Server server;
  int port = 0;
  std::thread thread;
};

SimPccs::SimPccs(std::string pcs_url) : impl_(std::make_unique<Impl>(pcs_url)) {}
SimPccs::~SimPccs() = default;

std::string SimPccs::Url() const { return StrCat("http://127.0.0.1:", impl_->port, kRoot, "/"); }
void SimPccs::SetMode(Mode mode) {
  const std::lock_guard lock(impl_->mutex);
  impl_->mode = mode;
}
std::vector<std::string> SimPccs::Asked() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->asked;
}
std::string SimPccs::Complaint() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->complaint;
}

}  // namespace thimble::sim
