// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_vendor_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tcb/base/text.h"
#include "tests/support/sim_kds.h"
#include "tests/support/sim_machine.h"
#include "tests/support/sim_pcs.h"
#include "tests/support/sim_pcs_pck.h"
#include "tests/support/sim_recovery.h"
#include "tests/support/vendor_mode.h"

namespace thimble::sim {
namespace {

constexpr const char* kPckCertsPath = "/sgx/certification/v4/pckcerts";
constexpr size_t kThreads = 64;
constexpr int kBacklog = 1024;
constexpr size_t kNeverSent = 1000;  // bytes that `truncate` announces beyond the body

// The library's backlog is 5, too few for a test that opens many connections at once.
class Listener : public httplib::Server {
 public:
  void WidenBacklog() { ::listen(svr_sock_, kBacklog); }
};

void SetBody(httplib::Response& response, const VendorReply& reply) {
  response.status = reply.status;
  for (const auto& [name, value] : reply.headers) response.set_header(name, value);
  response.set_content(std::string(AsText(reply.body)), reply.content_type);
}

// Announces more than it sends; the provider's failure makes the library close the connection.
void SetTruncatedBody(httplib::Response& response, const VendorReply& reply) {
  SetBody(response, reply);
  const std::string body = response.body;
  response.body.clear();
  response.set_content_provider(body.size() + kNeverSent, reply.content_type,
                                [body](size_t offset, size_t, httplib::DataSink& sink) {
                                  if (offset >= body.size()) return false;
                                  sink.write(body.data() + offset, body.size() - offset);
                                  return true;
                                });
}

}  // namespace

struct SimVendorServer::Impl {
  Impl(SimIntel intel, const Options& options) : pcs{.intel = std::move(intel)} {
    server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // the library deletes it
    server.set_keep_alive_timeout(1);  // also bounds how long stop() waits for idle connections
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(1000);
    // Before routing no body is waited for: `curl -X POST` sends none, and no length either.
    server.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      const bool has_body = request.method == "POST" && request.path == kPckCertsPath;
      if (has_body) return httplib::Server::HandlerResponse::Unhandled;
      Route(request, response);
      return httplib::Server::HandlerResponse::Handled;
    });
    server.Post(kPckCertsPath, [this](const httplib::Request& request, httplib::Response& response) {
      ServeBy(request, response,
              [&](const SimPcs& now, Twist) { return AnswerPckCertsByManifest(now.intel, request.body); });
    });
    if (options.port == 0) {
      port = server.bind_to_any_port(options.address);
    } else if (server.bind_to_port(options.address, options.port)) {
      port = options.port;
    }
    if (port <= 0) throw std::runtime_error(StrCat("cannot listen on ", options.address, ":", options.port));
    server.WidenBacklog();
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    server.stop();
    thread.join();
  }

  void Route(const httplib::Request& request, httplib::Response& response) {
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (get && request.path == "/_count") {
      response.set_content(std::to_string(Count(request.get_param_value("path"))), "text/plain");
    } else if (get) {
      Serve(request, response);
    } else if (request.method == "POST" && request.path == "/_mode") {
      AnswerControl(SetMode(request.get_param_value("m"), request.get_param_value("path")), response);
    } else if (request.method == "POST" && request.path == "/_standard") {
      AnswerControl(SetStandard(request.get_param_value("n")), response);
    } else if (request.method == "POST" && request.path == "/_evidence") {
      AnswerEvidence(request, response);
    } else {
      response.status = 404;
    }
  }

  using Answerer = std::function<VendorReply(const SimPcs& now, Twist twist)>;

  void Serve(const httplib::Request& request, httplib::Response& response) {
    ServeBy(request, response, [&](const SimPcs& now, Twist twist) {
      if (auto reply = AnswerPcs(now, request.target, twist)) return *std::move(reply);
      return AnswerKds(Kds(), request.target, twist).value_or(VendorReply{.status = 404});
    });
  }

  void ServeBy(const httplib::Request& request, httplib::Response& response, const Answerer& answer) {
    const VendorMode mode = Enter(request.target);
    Wait(request.target, mode);
    Reply(answer, mode, response);
    const std::lock_guard lock(mutex);
    --concurrent;
  }

  // Counts the request and says how it is to be answered.
  VendorMode Enter(const std::string& target) {
    const std::lock_guard lock(mutex);
    ++counts[target];
    max_concurrent = std::max(max_concurrent, ++concurrent);
    return ModeFor(target);
  }

  VendorMode ModeFor(const std::string& target) const {
    const auto found = std::find_if(modes.rbegin(), modes.rend(), [&](const auto& mode) {
      return target.find(mode.first) != std::string::npos;
    });
    return found == modes.rend() ? VendorMode{} : found->second;
  }

  void Wait(const std::string& target, const VendorMode& mode) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, mode.delay, [this] { return stopping; });
    if (mode.transport != Transport::kHang) return;
    changed.wait(lock, [&] { return stopping || ModeFor(target).transport != Transport::kHang; });
  }

  void Reply(const Answerer& answer, const VendorMode& mode, httplib::Response& response) {
    if (mode.status != 0) {
      if (mode.retry_after) response.set_header("Retry-After", std::to_string(*mode.retry_after));
      SetBody(response, {.status = mode.status});
      return;
    }
    if (mode.transport == Transport::kHtml) {
      response.set_content("<!DOCTYPE html><title>Sign in</title><p>Please sign in to the network.",
                           "text/html");
      return;
    }
    if (mode.transport == Transport::kEndless) {
      SetEndlessBody(response);
      return;
    }
    const VendorReply reply = answer(Now(), mode.twist);
    if (mode.transport == Transport::kTruncate) {
      SetTruncatedBody(response, reply);
    } else {
      SetBody(response, reply);
    }
  }

  SimPcs Now() const {
    const std::lock_guard lock(mutex);
    return pcs;
  }

  SimKds Kds() const {
    const std::lock_guard lock(mutex);
    return kds;
  }

  void SetEndlessBody(httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [this](size_t, httplib::DataSink& sink) {
      const std::string piece(16384, ' ');
      {
        const std::lock_guard lock(mutex);
        if (stopping) return false;
      }
      return sink.write(piece.data(), piece.size());
    });
  }

  // A machine with this vendor's hardware.
  void AnswerEvidence(const httplib::Request& request, httplib::Response& response) {
    const auto bound = FromHex(request.get_param_value("bound"));
    const SimPcs machine = Now();
    const SimKds amd = Kds();
    const auto evidence = bound ? EvidenceOfMachine(request.get_param_value("kind"), *bound, machine.intel,
                                                    amd.amd ? &*amd.amd : nullptr)
                                : std::nullopt;
    if (!evidence) return AnswerControl(false, response);
    response.set_content(std::string(AsText(*evidence)), "application/octet-stream");
  }

  void AnswerControl(bool done, httplib::Response& response) {
    response.status = done ? 200 : 400;
    response.set_content(done ? "ok\n" : "no such value\n", "text/plain");
  }

  bool SetStandard(const std::string& text) {
    for (uint32_t number = kOldestNumber; number <= kEarlyNumber; ++number) {
      if (text != std::to_string(number)) continue;
      SetStandard(number);
      return true;
    }
    return false;
  }

  void SetStandard(uint32_t number) {
    const std::lock_guard lock(mutex);
    pcs.standard = number;
    pcs.early = std::max(pcs.early, number);
  }

  bool SetMode(std::string_view text, std::string_view path_substring) {
    const auto mode = ParseVendorMode(text);
    if (!mode) return false;
    {
      const std::lock_guard lock(mutex);
      std::erase_if(modes,
                    [&](const auto& old) { return old.first.find(path_substring) != std::string::npos; });
      modes.emplace_back(path_substring, *mode);
    }
    changed.notify_all();
    return true;
  }

  uint64_t Count(std::string_view path_substring) const {
    const std::lock_guard lock(mutex);
    uint64_t sum = 0;
    for (const auto& [target, count] : counts) {
      if (target.find(path_substring) != std::string::npos) sum += count;
    }
    return sum;
  }

  mutable std::mutex mutex;
  std::condition_variable changed;  // modes or stopping
  // Guarded by the mutex:
  SimPcs pcs;
  SimKds kds;
  std::vector<std::pair<std::string, VendorMode>> modes;  // in the order they were set
  std::map<std::string, uint64_t> counts;                 // by target
  uint64_t concurrent = 0, max_concurrent = 0;
  bool stopping = false;

  Listener server;
  int port = 0;
  std::thread thread;
};

SimVendorServer::SimVendorServer(SimIntel intel, Options options)
    : impl_(std::make_unique<Impl>(std::move(intel), options)), address_(std::move(options.address)) {}
SimVendorServer::~SimVendorServer() = default;

uint16_t SimVendorServer::port() const { return static_cast<uint16_t>(impl_->port); }
std::string SimVendorServer::BaseUrl() const { return StrCat("http://", address_, ":", port()); }
std::string SimVendorServer::PcsUrl() const { return BaseUrl() + "/sgx/certification/v4/"; }

void SimVendorServer::SetMode(std::string_view mode, std::string_view path_substring) {
  if (!impl_->SetMode(mode, path_substring)) throw std::invalid_argument(StrCat("no such mode: ", mode));
}

void SimVendorServer::SetNow(Instant now) {
  const std::lock_guard lock(impl_->mutex);
  impl_->pcs.intel = impl_->pcs.intel.At(now);
  if (auto& amd = impl_->kds.amd) amd = SimAmd::Make({.seed = amd->seed(), .now = now});
}

void SimVendorServer::SetStandard(uint32_t number) { impl_->SetStandard(number); }

void SimVendorServer::BeginRecovery() {
  const std::lock_guard lock(impl_->mutex);
  impl_->pcs.recovery = true;
  impl_->pcs.standard = kBeforeRecovery;
  impl_->pcs.early = kAfterRecovery;
}

uint64_t SimVendorServer::Count(std::string_view path_substring) const {
  return impl_->Count(path_substring);
}

uint64_t SimVendorServer::MaxConcurrent() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->max_concurrent;
}

void SimVendorServer::ResetCounts() {
  const std::lock_guard lock(impl_->mutex);
  impl_->counts.clear();
  impl_->max_concurrent = impl_->concurrent;
}

void SimVendorServer::ServeRecorded(const std::filesystem::path& directory) {
  const std::lock_guard lock(impl_->mutex);
  impl_->pcs.recorded.Add(directory);
}

void SimVendorServer::AddKds(SimAmd amd) {
  const std::lock_guard lock(impl_->mutex);
  impl_->kds.amd = std::move(amd);
}

void SimVendorServer::ServeRecorded(const CollateralKey& key, Bytes body) {
  const std::lock_guard lock(impl_->mutex);
  impl_->kds.recorded[KeyName(key)] = std::move(body);
}

}  // namespace thimble::sim
